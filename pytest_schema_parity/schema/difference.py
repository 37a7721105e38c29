"""What :func:`~pytest_schema_parity.schema.compare.compare` finds: differences, and their sum."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from pytest_schema_parity.schema.facts import Key, Place, Value
from pytest_schema_parity.schema.kinds import FAILING, Check, Impact, check_of

Change: TypeAlias = Literal["missing", "extra", "changed", "renamed"]
"""What happened to a fact, seen from the reference."""


@dataclass(frozen=True, slots=True)
class Origins:
    """Where each side of a difference comes from; None where unknown or where there is nothing."""

    reference: Place | None = None
    tree: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference, seen from the reference.

    ``expected`` and ``actual`` are the attribute's values (``changed``), the two names
    (``renamed``), or the fact's attributes on the side that has it (``missing``, ``extra``).
    ``below`` lists the facts that went with this one and are not told of by themselves: what hangs
    below a missing, extra or renamed one, and the constraint that the form of an index tells of.
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

    @property
    def check(self) -> Check:
        """The check that shows this difference."""
        return check_of(self.kind, self.attribute)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every difference of two schemas, in a stable order; falsy when there is none."""

    differences: tuple[Difference, ...] = ()
    fail_on: frozenset[Impact] = FAILING

    def __iter__(self) -> Iterator[Difference]:
        return iter(self.differences)

    def __len__(self) -> int:
        return len(self.differences)

    @property
    def failing(self) -> Comparison:
        """Those whose impact fails the gate."""
        return self.only(d for d in self if d.impact in self.fail_on)

    @property
    def notes(self) -> Comparison:
        """Those that are shown and fail nothing."""
        return self.only(d for d in self if d.impact not in self.fail_on)

    def only(self, differences: Iterable[Difference]) -> Comparison:
        """A comparison of these differences, with the same idea of what fails."""
        return Comparison(tuple(differences), self.fail_on)
