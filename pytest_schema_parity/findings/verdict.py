"""The results of a run, and the verdict on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from pytest_schema_parity.findings.finding import CheckOutcome, Finding, Result
from pytest_schema_parity.schema.difference import Difference, Rank
from pytest_schema_parity.schema.kinds import Impact

Verdict: TypeAlias = Literal["parity", "drift", "broken"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeResults:
    """A tree's files, its stand-ins for extensions, and the results of its checks."""

    files: tuple[str, ...] = ()
    stand_ins: tuple[str, ...] = ()
    results: tuple[Result, ...] = ()

    @property
    def findings(self) -> list[Finding]:
        """The findings of all checks, in the order of the checks."""
        return [finding for result in self.results for finding in result]

    @property
    def allowed(self) -> int:
        """How many findings the team accepts."""
        return sum(finding.allowed is not None for finding in self.findings)

    @property
    def consequences(self) -> int:
        """How many findings that are not allowed may be caused by failed statements."""
        found = [each for each in self.findings if each.consequence_of is not None]
        return sum(each.allowed is None for each in found)

    @property
    def impacts(self) -> Counter[Impact]:
        """How many differences that are not allowed there are of each impact, notes included."""
        return impacts_of(self.findings)

    @property
    def counterexamples(self) -> dict[Rank, Finding]:
        """The counterexample of each difference that explains one, by the difference's rank."""
        return {each.rank: shown for shown in self.findings for each in shown.explained_by}

    @property
    def explaining(self) -> list[Difference]:
        """The differences that explain a counterexample."""
        found = {each.rank: each for shown in self.findings for each in shown.explained_by}
        return list(found.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResults:
    """The results of all trees, and the server's version and source.

    ``checks`` holds the outcomes of the selected checks, by tree and name; ``incomplete`` is the
    reason for which the run ended before all selected checks had run.
    """

    reference: str
    version: str | None = None
    source: str | None = None
    trees: Mapping[str, TreeResults] = field(default_factory=dict)
    checks: Mapping[str, Mapping[str, CheckOutcome]] = field(default_factory=dict)
    incomplete: str | None = None

    @property
    def candidates(self) -> Mapping[str, TreeResults]:
        """The results of all trees except the reference."""
        return {name: tree for name, tree in self.trees.items() if name != self.reference}

    @property
    def broken_trees(self) -> Mapping[str, str]:
        """The trees that could not be built, or applied without errors, and the first reason."""
        broken = {
            name: next((each.title for each in tree.findings if each.breaks), None)
            for name, tree in self.trees.items()
        }
        return {name: title for name, title in broken.items() if title is not None}

    @property
    def verdict(self) -> Verdict:
        """``broken``: a tree does not apply, or was not compared; ``drift``: something else fails.

        It considers all known results, whichever checks were selected.
        """
        outcomes = {outcome for checks in self.checks.values() for outcome in checks.values()}
        if self.incomplete or not self.candidates or "error" in outcomes or self.broken_trees:
            return "broken"
        fails = any(finding.fails for tree in self.trees.values() for finding in tree.findings)
        return "drift" if "failed" in outcomes or fails else "parity"

    @property
    def impacts(self) -> Counter[Impact]:
        """The impacts of the differences of all candidates."""
        return impacts_of(each for tree in self.candidates.values() for each in tree.findings)

    @property
    def consequences(self) -> int:
        """How many findings may be caused by failed statements."""
        return sum(tree.consequences for tree in self.candidates.values())


def impacts_of(findings: Iterable[Finding]) -> Counter[Impact]:
    """How many differences that are not allowed there are of each impact, notes included.

    What migration tools keep for themselves does not count.
    """
    return Counter(
        each.impact
        for each in findings
        if each.impact is not None and each.difference is not None and each.allowed is None
        if not each.is_bookkeeping
    )
