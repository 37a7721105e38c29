"""A difference of two schemas, and all of them: the result of ``compare``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias, overload

from pytest_schema_parity.schema.facts import Key, Place, Value
from pytest_schema_parity.schema.kinds import (
    FAILING,
    GROUPS,
    IMPACTS,
    Group,
    Impact,
    group_of,
    kind_of,
)
from pytest_schema_parity.showing import clipped, printable, value_text

MAX_SHOWN: Final = 3
"""How many differences the repr of a comparison shows."""
MAX_WIDTH: Final = 60
"""How many characters of each it shows."""

Change: TypeAlias = Literal["missing", "extra", "changed", "renamed"]
"""What happened to a fact, seen from the reference."""
Rank: TypeAlias = tuple[int, str, str, str, str]
"""The sort key of a difference, unique in a comparison."""


@dataclass(frozen=True, slots=True)
class Origins:
    """The statement that made each side of a difference; None if unknown, or without a fact."""

    reference: Place | None = None
    tree: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Difference:
    """One difference, seen from the reference.

    ``expected`` and ``actual`` are the attribute's values (``changed``), the two names
    (``renamed``), or the fact's attributes on the side that has it (``missing``, ``extra``).
    ``below`` lists the facts that are reported with this one and not separately: those below a
    missing, extra or renamed one, the constraint that the form of an index reports, and its
    consequences.  ``why`` is the reason for a milder impact than usual, else empty; ``tool`` the
    migration tool to which the missing or extra fact belongs, else empty.  ``folded`` holds the
    children of a missing or extra fact, each as a difference; ``follows`` the consequences: the
    differences that exist only because of this one.  ``alone`` is true of a consequence that needs
    its own allowance: a key of an extra column that restricts columns of both sides, too.
    """

    kind: str
    name: str
    change: Change
    attribute: str | None = None
    expected: Value = None
    actual: Value = None
    impact: Impact
    origin: Origins = field(default=Origins(), compare=False)
    below: tuple[Key, ...] = ()
    why: str = field(default="", compare=False)
    tool: str = field(default="", compare=False)
    folded: tuple[Difference, ...] = field(default=(), compare=False)
    follows: tuple[Difference, ...] = field(default=(), compare=False)
    alone: bool = field(default=False, compare=False)

    def __repr__(self) -> str:
        """The text in angle brackets: what pytest shows of it, without secrets."""
        return f"<Difference: {self}>"

    def __str__(self) -> str:
        """``changed type of column public.t.a: int / text``, safe to print."""
        what = printable(f"{self.kind} {self.name}")
        if self.change in ("missing", "extra"):
            return f"{self.change} {what}"
        attribute = f"{printable(self.attribute)} of " if self.attribute else ""
        values = f"{value_text(self.expected)} / {value_text(self.actual)}"
        return f"{self.change} {attribute}{what}: {values}"

    @property
    def key(self) -> Key:
        """The fact that differs: kind and name."""
        return (self.kind, self.name)

    @property
    def rank(self) -> Rank:
        """The sort key of differences: group, name, kind, attribute, change."""
        attribute = self.attribute or ""
        return GROUPS.index(self.group), self.name, self.kind, attribute, self.change

    @property
    def group(self) -> Group:
        """The group of kinds that the difference belongs to."""
        return group_of(self.kind, self.attribute)

    def fold(self, parts: Iterable[Difference]) -> Difference:
        """This difference with others folded into it, and those that are folded into these."""
        folded = tuple(parts)
        below = {key for part in (*folded, *self.follows) for key in (part.key, *part.below)}
        return replace(self, folded=folded, below=tuple(sorted(below - {self.key})))

    def follow(self, others: Iterable[Difference]) -> Difference:
        """This difference with others as its consequences, and with the consequences of those."""
        more = [each for one in others for each in (replace(one, follows=()), *one.follows)]
        if not more:
            return self
        keys = {key for one in more for key in (one.key, *one.below)} - {self.key}
        return replace(
            self,
            below=tuple(sorted(keys.union(self.below))),
            follows=(*self.follows, *sorted(more, key=lambda one: one.rank)),
        )

    @property
    def parts(self) -> Iterator[Difference]:
        """All differences that are reported with this one: folded ones and consequences."""
        for one in (*self.folded, *self.follows):
            yield one
            yield from one.parts

    def unfold(self) -> tuple[Difference, tuple[Difference, ...]]:
        """Split a difference into itself and those that it does not cover, for allowances.

        An extra fact keeps its own parts (the columns of a table); everything else below it (its
        policies and privileges, the contents of a schema) becomes a difference of its own.  But an
        extra extension keeps all that its own statement made.  A missing fact is not split.
        Consequences with a more severe impact, and those that need their own allowance, are split
        off.
        """
        return self._unfold(self.origin.tree if self.kind == "extension" else None)

    def _unfold(self, script: Place | None) -> tuple[Difference, tuple[Difference, ...]]:
        """Split a difference; ``script`` is where the extension is created that it belongs to."""
        apart = tuple(one for one in self.follows if one.alone or self._has_milder_impact_than(one))
        whole = self._without(apart) if apart else self
        if self.change != "extra" or not self.folded:
            return whole, apart
        parts: list[Difference] = []
        others = list(apart)
        for one in self.folded:
            by_script = script is not None and one.origin.tree == script
            if not by_script and (one.impact == "security" or kind_of(self.kind).container):
                others.append(one)
            else:
                part, further = one._unfold(script)
                parts.append(part)
                others += further
        return whole.fold(parts), tuple(others)

    def _has_milder_impact_than(self, other: Difference) -> bool:
        return IMPACTS.index(other.impact) < IMPACTS.index(self.impact)

    def _without(self, others: tuple[Difference, ...]) -> Difference:
        """This difference without some of its consequences, and without their facts."""
        kept = tuple(one for one in self.follows if one not in others)
        gone = {key for one in others for key in (one.key, *one.below)}
        gone -= {key for one in (*kept, *self.folded) for key in (one.key, *one.below)}
        below = tuple(key for key in self.below if key not in gone)
        return replace(self, below=below, follows=kept)


@dataclass(frozen=True, slots=True, repr=False)
class Comparison:
    """Every difference of two schemas, in a stable order; falsy if they are equal."""

    differences: tuple[Difference, ...] = ()
    fail_on: frozenset[Impact] = FAILING

    def __iter__(self) -> Iterator[Difference]:
        return iter(self.differences)

    def __len__(self) -> int:
        return len(self.differences)

    def __repr__(self) -> str:
        """The number and the first of them: pytest shows this if ``assert not …`` fails."""
        if not self:
            return "<Comparison without differences>"
        shown = [clipped(str(each), MAX_WIDTH) for each in self.differences[:MAX_SHOWN]]
        first = ", ".join([*shown, "…"] if len(self) > MAX_SHOWN else shown)
        return f"<Comparison of {len(self)} difference{'s' * (len(self) > 1)}: {first}>"

    def __str__(self) -> str:
        """A line for each difference, with both values."""
        return "\n".join(map(str, self)) or "no difference"

    @overload
    def __getitem__(self, at: int) -> Difference: ...
    @overload
    def __getitem__(self, at: slice) -> Comparison: ...
    def __getitem__(self, at: int | slice) -> Difference | Comparison:
        """One difference, or a comparison of some of them."""
        return self.only(self.differences[at]) if isinstance(at, slice) else self.differences[at]

    @property
    def failing(self) -> Comparison:
        """The differences whose impact fails the gate."""
        return self.only(d for d in self if d.impact in self.fail_on)

    @property
    def notes(self) -> Comparison:
        """The differences that are shown and do not fail the gate."""
        return self.only(d for d in self if d.impact not in self.fail_on)

    def only(self, differences: Iterable[Difference]) -> Comparison:
        """A comparison of these differences, with the same ``fail_on``."""
        return Comparison(tuple(differences), self.fail_on)
