"""What a check reports: findings, and the result of a check."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from pytest_schema_parity.findings.allowance import Allowance
from pytest_schema_parity.findings.evidence import Evidence, Script, Sql, Values
from pytest_schema_parity.schema.difference import Change, Difference, Origins
from pytest_schema_parity.schema.facts import Place, Value
from pytest_schema_parity.schema.kinds import Impact

FindingChange: TypeAlias = (
    Change | Literal["failed", "stale", "expired", "empty", "not built", "not compared", "skipped"]
)
"""The change that a finding reports, seen from the reference."""
UNCHECKED: frozenset[FindingChange] = frozenset({"not built", "not compared"})
"""The changes of findings that report that a check could not be carried out."""

CheckOutcome: TypeAlias = Literal["passed", "failed", "error", "skipped"]
"""The outcome of a check; ``error`` if it could not be carried out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a check reports about a tree.

    ``kind`` is PostgreSQL's word for the thing (``table``), or ``rows``, ``statement``, ``tree``,
    ``allowance``, …; ``name`` is its name; ``title`` says in one line what is wrong.  ``attribute``
    is the attribute that changed, None if the whole thing is meant; of an upgrade's step it is
    the check, or a part of it.  ``evidence`` shows it;
    ``locations`` has ``file:line`` for the reference and for the tree.  ``allowed`` is the reason
    for which the team accepts it, else None; a ``note`` is shown and fails nothing.  A
    finding that ``breaks`` makes the verdict ``broken``, and no allowance accepts it.
    ``consequence_of`` is the place of the failed statement that may have caused it, else None.
    ``source`` is the difference or the allowance that is reported, for programs; else None.
    A counterexample is ``explained_by`` differences.
    """

    tree: str
    check: str
    kind: str
    name: str
    change: FindingChange
    title: str
    attribute: str | None = None
    impact: Impact | None = None
    evidence: tuple[Evidence, ...] = ()
    locations: Origins = field(default=Origins(), compare=False)
    allowed: str | None = None
    note: bool = False
    breaks: bool = False
    consequence_of: Place | None = None
    source: Difference | Allowance | None = field(default=None, compare=False, repr=False)
    explained_by: tuple[Difference, ...] = field(default=(), compare=False, repr=False)

    @property
    def fails(self) -> bool:
        """Whether the finding fails the check."""
        return not self.note and self.allowed is None

    @property
    def is_bookkeeping(self) -> bool:
        """Whether it is a note about what a migration tool keeps for itself."""
        return self.note and self.allowed is None and bool(self.difference and self.difference.tool)

    @property
    def difference(self) -> Difference | None:
        """The structural difference that is reported; None of other findings."""
        return self.source if isinstance(self.source, Difference) else None

    @property
    def actual(self) -> Value:
        """The tree's value in the first evidence that has one; else None."""
        values = (each.actual for each in self.evidence if isinstance(each, Values | Sql))
        return next(values, None)


def cause_of(finding: Finding) -> tuple[object, ...]:
    """A key that is the same for failed statements of one cause; unique for other findings."""
    script = next((each for each in finding.evidence if isinstance(each, Script)), None)
    outcome = script.outcomes[0][1] if script is not None and finding.breaks else None
    if outcome is None:
        return (id(finding),)
    return (finding.change, outcome.sqlstate, outcome.text)


def note_finding(
    tree: str,
    check: str,
    kind: str,
    title: str,
    *,
    name: str = "",
    change: FindingChange = "changed",
    evidence: tuple[Evidence, ...] = (),
) -> Finding:
    """A finding that fails nothing; a ``skipped`` one says that its check did not run."""
    return Finding(
        tree=tree,
        check=check,
        kind=kind,
        name=name,
        change=change,
        title=title,
        evidence=evidence,
        note=True,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The result of one check of one tree.

    ``headline`` describes in one line what fails, ``advice`` what can be done about it; both are
    empty if nothing fails.
    """

    tree: str
    check: str
    findings: tuple[Finding, ...] = ()
    headline: str = ""
    advice: str = ""

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    @property
    def failing(self) -> tuple[Finding, ...]:
        """The findings that fail the check."""
        return tuple(finding for finding in self if finding.fails)

    @property
    def notes(self) -> tuple[Finding, ...]:
        """The findings that are shown and do not fail the check.

        Without allowed differences, and without what migration tools keep for themselves.
        """
        shown = (each for each in self if each.allowed is None or each.difference is None)
        return tuple(each for each in shown if not each.fails and not each.is_bookkeeping)

    @property
    def bookkeeping(self) -> tuple[Finding, ...]:
        """What migration tools keep for themselves and one side only has: it is not compared."""
        return tuple(finding for finding in self if finding.is_bookkeeping)

    @property
    def skipped(self) -> str | None:
        """The reason for which the check skipped itself; None if it did not."""
        return next((each.title for each in self if each.change == "skipped"), None)

    @property
    def outcome(self) -> CheckOutcome:
        """``error`` if the check could not run, else ``skipped``, ``failed`` or ``passed``."""
        if any(finding.change in UNCHECKED for finding in self):
            return "error"
        if self.skipped is not None:
            return "skipped"
        return "failed" if self.failing else "passed"


def is_difference(finding: Finding | Difference) -> bool:
    """Whether it is a difference of the catalogs, or the finding of one."""
    return isinstance(finding, Difference) or finding.difference is not None
