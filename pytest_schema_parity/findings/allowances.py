"""Allowances: findings that a team accepts, by rule, with a reason."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fnmatch import fnmatchcase
from typing import Final, TypeAlias

from pytest_schema_parity.findings.differences import finding_of
from pytest_schema_parity.findings.finding import Finding
from pytest_schema_parity.schema.difference import Change, Difference
from pytest_schema_parity.schema.facts import Place, Value
from pytest_schema_parity.schema.kinds import FAILING, Impact

ROWS: Final = "rows"
"""The kind of a finding about the rows of a view."""
BEHAVIOR: Final = "behavior"
"""The kind of a finding about statements that two databases answer differently."""

Accept: TypeAlias = Callable[[Difference, str], str | None]
"""Returns the reason for which a difference of a tree is accepted, or None."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """A rule that accepts findings; every field that is given must match.

    Without a ``kind`` it accepts differences of the catalogs only.

    ``tree`` and ``name`` are patterns: ``*`` is any text and ``?`` any character, and the brackets
    of ``integer[]`` are themselves.  ``actual`` is what the tree has to say: an attribute's value,
    or of a whole fact some attributes with theirs (false where one is absent).  ``until`` is the
    last day on which the allowance holds, ``place`` where it stands in the configuration.
    """

    reason: str
    tree: str | None = None
    kind: str | None = None
    name: str | None = None
    change: Change | None = None
    attribute: str | None = None
    actual: Value = field(default=None, hash=False)
    impact: Impact | None = None
    until: date | None = None
    place: Place | None = None

    def concerns(self, tree: str) -> bool:
        """Whether this is about that tree at all."""
        return self.tree is None or _fits(tree, self.tree)

    def covers(self, finding: Finding | Difference) -> bool:
        """Whether this accepts that finding, and with it what the thing is made of."""
        return (
            (self.kind == finding.kind or (self.kind is None and _is_structural(finding)))
            and self.change in (None, finding.change)
            and self.attribute in (None, finding.attribute)
            and self.impact in (None, finding.impact)
            and (self.name is None or _fits(finding.name, self.name))
            and (self.actual is None or _says(finding.actual, self.actual))
        )

    def is_expired(self, today: date) -> bool:
        """Whether its last day is over."""
        return self.until is not None and self.until < today


@dataclass(frozen=True, slots=True)
class Judged:
    """Findings after the allowances.

    Those that an allowance covers have its reason; ``used`` holds the allowances that cover any.
    """

    findings: tuple[Finding, ...] = ()
    used: frozenset[Allowance] = frozenset()


def judge(
    tree: str,
    findings: Iterable[Finding],
    allowances: Sequence[Allowance],
    *,
    today: date,
    fail_on: Collection[Impact] = FAILING,
    accept: Accept | None = None,
) -> Judged:
    """Accept those of a tree's findings that a standing allowance covers.

    A difference that no allowance covers is accepted, too, if ``accept`` returns a reason for it.
    ``fail_on`` are the impacts that are no notes.

    A difference that is accepted is unfolded: an allowance of an extra schema does not cover the
    functions in it, nor one of an extra table who may read it.  What is left stays folded.
    """
    covering_of = _by_name(standing(allowances, tree, today))
    judged: list[Finding] = []
    used: set[Allowance] = set()
    waiting = list(findings)
    for finding in waiting:  # which grows by what is unfolded
        difference = finding.difference
        covering = covering_of(finding) if _is_acceptable(finding) else []
        used.update(covering)
        for folded in _folded(difference) if difference is not None else ():
            used.update(covering_of(folded))
        reason = covering[0].reason if covering else _accepted(finding, accept)
        if reason is None:
            judged.append(finding)
        elif difference is None:
            judged.append(replace(finding, allowed=reason))
        else:
            whole, others = difference.unfold()
            judged.append(replace(finding_of(whole, tree, fail_on=fail_on), allowed=reason))
            waiting += [finding_of(other, tree, fail_on=fail_on) for other in others]
    return Judged(tuple(_in_order(judged)), frozenset(used))


def standing(allowances: Iterable[Allowance], tree: str, today: date) -> list[Allowance]:
    """The allowances that concern a tree and have not expired."""
    return [each for each in allowances if each.concerns(tree) and not each.is_expired(today)]


def expired(allowances: Iterable[Allowance], tree: str, today: date) -> list[Allowance]:
    """The allowances that concern a tree and have expired: they accept nothing any more."""
    return [each for each in allowances if each.concerns(tree) and each.is_expired(today)]


def stale(
    allowances: Iterable[Allowance], tree: str, used: Collection[Allowance], today: date
) -> list[Allowance]:
    """The standing allowances that concern a tree and cover nothing.

    ``used`` holds those that cover something in any tree: one that names no tree may well be of
    use in one tree and of none in the next.
    """
    return [each for each in standing(allowances, tree, today) if each not in used]


def _is_acceptable(finding: Finding) -> bool:
    """Whether an allowance can accept it: a difference, or what else fails and breaks no tree."""
    return finding.difference is not None or not (finding.breaks or finding.note)


def _accepted(finding: Finding, accept: Accept | None) -> str | None:
    if accept is None or finding.difference is None:
        return None
    return accept(finding.difference, finding.tree)


def _in_order(findings: Sequence[Finding]) -> list[Finding]:
    """Differences by their rank, which unfolding has mixed up; other findings as they came."""
    if any(finding.difference is None for finding in findings):
        return list(findings)
    return sorted(findings, key=lambda each: each.difference.rank if each.difference else ())


def _by_name(
    allowances: Sequence[Allowance],
) -> Callable[[Finding | Difference], list[Allowance]]:
    """A function that returns the allowances that cover a finding, in their order.

    Most name one thing, and there may be hundreds of them: only those of its name are looked at,
    and those with a pattern.
    """
    named: dict[str | None, list[int]] = {}
    for number, one in enumerate(allowances):
        is_pattern = one.name is None or "*" in one.name or "?" in one.name
        named.setdefault(None if is_pattern else one.name, []).append(number)

    def covering(finding: Finding | Difference) -> list[Allowance]:
        numbers = sorted(named.get(None, []) + named.get(finding.name, []))
        return [allowances[n] for n in numbers if allowances[n].covers(finding)]

    return covering


def _folded(difference: Difference) -> Iterator[Difference]:
    for one in difference.folded:
        yield one
        yield from _folded(one)


def _is_structural(finding: Finding | Difference) -> bool:
    return isinstance(finding, Difference) or finding.difference is not None


def _fits(text: str, pattern: str) -> bool:
    return fnmatchcase(text, pattern.replace("[", "[[]"))


def _says(actual: Value, wanted: Value) -> bool:
    if isinstance(actual, dict) and isinstance(wanted, dict):
        return all(actual.get(key, False) == value for key, value in wanted.items())
    return actual == wanted
