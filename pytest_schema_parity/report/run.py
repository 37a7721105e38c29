"""Everything that a run found, as one value: what the reports for machines are made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from pytest_schema_parity.migrations.failure import Failure
from pytest_schema_parity.report.shapes import RowFindings
from pytest_schema_parity.schema.allowances import Allowance
from pytest_schema_parity.schema.difference import Comparison, Difference
from pytest_schema_parity.schema.kinds import Impact

Outcome: TypeAlias = Literal["passed", "failed", "error", "skipped"]
"""What a check came to; it errs where it could not check."""
Verdict: TypeAlias = Literal["parity", "drift", "broken"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeReport:
    """What is known of one tree.

    ``error`` says why it could not be built.  ``comparison`` is what allowances left of the
    comparison with the reference: None for the reference itself, and for a tree that could not be
    compared.  ``rows`` is None where no rows were compared.
    """

    files: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()
    stand_ins: tuple[str, ...] = ()
    error: str | None = None
    comparison: Comparison | None = None
    allowed: tuple[tuple[Difference, Allowance], ...] = ()
    stale: tuple[Allowance, ...] = ()
    expired: tuple[Allowance, ...] = ()
    rows: RowFindings | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """What is known of all trees, and of the server: its version, and where it comes from.

    ``checks`` is what the checks that ran came to, by tree and name; ``incomplete`` says why the
    run ended before it had checked what it was asked to.
    """

    reference: str
    version: str | None = None
    source: str | None = None
    trees: Mapping[str, TreeReport] = field(default_factory=dict)
    checks: Mapping[str, Mapping[str, Outcome]] = field(default_factory=dict)
    incomplete: str | None = None

    @property
    def candidates(self) -> Mapping[str, TreeReport]:
        """The trees but the reference."""
        return {name: tree for name, tree in self.trees.items() if name != self.reference}

    @property
    def broken_trees(self) -> Mapping[str, str]:
        """The trees that could not be built or do not apply as a whole, and what was said first."""
        return {
            name: tree.error or str(tree.failures[0])
            for name, tree in self.trees.items()
            if tree.error or tree.failures
        }

    @property
    def verdict(self) -> Verdict:
        """``broken``: a tree does not apply, or was not compared; ``drift``: something else fails.

        It is about all that is known of the trees, whichever checks of them were selected.
        """
        candidates = self.candidates.values()
        outcomes = {outcome for checks in self.checks.values() for outcome in checks.values()}
        if self.incomplete or not candidates or "error" in outcomes:
            return "broken"
        if self.broken_trees:
            return "broken"
        if any(tree.comparison is None for tree in candidates):
            return "broken"
        return "drift" if "failed" in outcomes or any(map(_fails, candidates)) else "parity"

    @property
    def impacts(self) -> Counter[Impact]:
        """How many differences that are not allowed there are of each impact, notes included."""
        return Counter(
            difference.impact
            for tree in self.candidates.values()
            for difference in tree.comparison or ()
        )


def _fails(tree: TreeReport) -> bool:
    rows_differ = tree.rows is not None and bool(tree.rows.differing or tree.rows.problems)
    dead = tree.stale or tree.expired
    return bool(rows_differ or dead or (tree.comparison and tree.comparison.failing))
