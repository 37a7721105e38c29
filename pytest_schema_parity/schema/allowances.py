"""Allowances: differences that a team accepts, by rule, with a reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase
from typing import Final

from pytest_schema_parity.schema.difference import Change, Comparison, Difference
from pytest_schema_parity.schema.facts import Place, Value
from pytest_schema_parity.schema.kinds import Impact

ROWS: Final = "rows"
"""What an allowance has for a kind that accepts the rows of a view, which are no fact."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """A rule that accepts differences; every field that is given must match.

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

    def covers(self, difference: Difference) -> bool:
        """Whether this accepts that difference, and with it what the thing is made of."""
        return (
            self.kind in (None, difference.kind)
            and self.change in (None, difference.change)
            and self.attribute in (None, difference.attribute)
            and self.impact in (None, difference.impact)
            and (self.name is None or _fits(difference.name, self.name))
            and (self.actual is None or _says(difference.actual, self.actual))
        )

    def covers_rows(self, view: str) -> bool:
        """Whether this accepts that the rows of a view differ."""
        return self.kind == ROWS and (self.name is None or _fits(view, self.name))

    def is_expired(self, today: date) -> bool:
        """Whether its last day is over."""
        return self.until is not None and self.until < today


@dataclass(frozen=True, slots=True)
class Judgement:
    """A tree's comparison after the allowances.

    ``comparison`` is what is left; ``allowed`` pairs each accepted difference with the first
    allowance that covers it.  Of the allowances about this tree, ``stale`` are those that cover
    nothing in it, and ``expired`` those whose last day is over, which therefore allow nothing.
    """

    comparison: Comparison
    allowed: tuple[tuple[Difference, Allowance], ...] = ()
    stale: tuple[Allowance, ...] = ()
    expired: tuple[Allowance, ...] = ()


def judge(
    tree: str,
    comparison: Comparison,
    allowances: Sequence[Allowance],
    *,
    today: date,
    accept: Callable[[Difference, str], str | None] | None = None,
) -> Judgement:
    """Part a tree's differences into those that are left and those that are allowed.

    What no allowance covers is accepted, too, if ``accept`` has a reason for it in this tree.

    What is allowed is unfolded: an allowance of an extra schema says nothing of the functions in
    it, nor one of an extra table of who may read it.  What is left stays folded.
    """
    concerned = [one for one in allowances if one.kind != ROWS and one.concerns(tree)]
    standing = [one for one in concerned if not one.is_expired(today)]
    left: list[Difference] = []
    allowed: list[tuple[Difference, Allowance]] = []
    used: set[Allowance] = set()
    waiting = list(comparison)
    covering_of = _by_name(standing)
    for difference in waiting:
        covering = covering_of(difference)
        used.update(covering)
        if not covering and accept is not None and (reason := accept(difference, tree)):
            covering = [Allowance(reason)]
        if covering:
            whole, others = difference.unfold()
            allowed.append((whole, covering[0]))
            waiting += others
        else:
            left.append(difference)
        for folded in _folded(difference):
            used.update(covering_of(folded))
    return Judgement(
        comparison.only(sorted(left, key=lambda one: one.rank)),
        tuple(sorted(allowed, key=lambda pair: pair[0].rank)),
        stale=tuple(one for one in standing if one not in used),
        expired=tuple(one for one in concerned if one.is_expired(today)),
    )


@dataclass(frozen=True, slots=True)
class RowsJudgement:
    """Which views' rows may differ, by name, and why; and the allowances of rows that are dead."""

    allowed: tuple[tuple[str, str], ...] = ()
    stale: tuple[Allowance, ...] = ()
    expired: tuple[Allowance, ...] = ()


def judge_rows(
    tree: str, views: Sequence[str], allowances: Sequence[Allowance], *, today: date
) -> RowsJudgement:
    """Tell which of the views whose rows differ in a tree may do so."""
    concerned = [one for one in allowances if one.kind == ROWS and one.concerns(tree)]
    standing = [one for one in concerned if not one.is_expired(today)]
    covering = {view: [one for one in standing if one.covers_rows(view)] for view in views}
    return RowsJudgement(
        tuple((view, rules[0].reason) for view, rules in covering.items() if rules),
        stale=tuple(one for one in standing if not any(one in r for r in covering.values())),
        expired=tuple(one for one in concerned if one.is_expired(today)),
    )


def stale_everywhere(judgements: Mapping[str, Judgement]) -> tuple[Allowance, ...]:
    """The allowances that cover nothing in any of the trees that they are about, by their names.

    One that names no tree may well be of use in one tree and of none in the next.
    """
    stale = dict.fromkeys(one for judgement in judgements.values() for one in judgement.stale)
    return tuple(
        one
        for one in stale
        if all(one in judged.stale for tree, judged in judgements.items() if one.concerns(tree))
    )


def _by_name(allowances: Sequence[Allowance]) -> Callable[[Difference], list[Allowance]]:
    """What finds the allowances that cover a difference, in their order.

    Most name one thing, and there may be hundreds of them: only those of its name are looked at,
    and those with a pattern.
    """
    named: dict[str | None, list[int]] = {}
    for number, one in enumerate(allowances):
        is_pattern = one.name is None or "*" in one.name or "?" in one.name
        named.setdefault(None if is_pattern else one.name, []).append(number)

    def covering(difference: Difference) -> list[Allowance]:
        numbers = sorted(named.get(None, []) + named.get(difference.name, []))
        return [allowances[n] for n in numbers if allowances[n].covers(difference)]

    return covering


def _folded(difference: Difference) -> Iterator[Difference]:
    for one in difference.folded:
        yield one
        yield from _folded(one)


def _fits(text: str, pattern: str) -> bool:
    return fnmatchcase(text, pattern.replace("[", "[[]"))


def _says(actual: Value, wanted: Value) -> bool:
    if isinstance(actual, dict) and isinstance(wanted, dict):
        return all(actual.get(key, False) == value for key, value in wanted.items())
    return actual == wanted
