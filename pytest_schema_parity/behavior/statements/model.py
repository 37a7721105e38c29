"""The rules of two databases, merged: every rule is kept with the sides that have it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

BOTH: Final = frozenset({0, 1})
"""The sides: 0 is the reference, 1 the candidate."""

HavingSides = frozenset[int]


@dataclass(frozen=True, slots=True)
class Type:
    """A column's type: ``name`` with its modifiers; of a domain, also its base type."""

    name: str
    kind: str = "b"
    category: str = "U"
    labels: tuple[str, ...] = ()
    element: Type | None = None
    subtype: Type | None = None
    fields: tuple[Type, ...] = ()
    domain: str | None = None
    field_names: tuple[str, ...] = ()


ANY: Final = Type("text")
"""A type about which nothing is known but that its values can be written as text."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column that both sides have; ``defaults`` and ``types`` hold one value for each side."""

    name: str
    types: tuple[Type, Type]
    not_null: HavingSides
    defaults: tuple[str | None, str | None]
    identities: tuple[str, str]
    generated: HavingSides

    @property
    def type(self) -> Type:
        """The reference's type."""
        return self.types[0]

    @cached_property
    def has_default(self) -> HavingSides:
        """The sides on which the column has a value if an INSERT leaves it out."""
        return frozenset(
            side for side in (0, 1) if self.defaults[side] is not None or self.identities[side]
        )


@dataclass(frozen=True, slots=True)
class UniqueKey:
    """A unique index or exclusion constraint over ``columns``; ``parts`` may be expressions."""

    parts: tuple[str, ...]
    columns: tuple[str, ...]
    indexed: tuple[str, ...]
    predicate: str | None
    nulls_equal: bool
    exclusion: str | None = None


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A foreign key of a table to ``target``; ``rule`` are its actions and when it is checked."""

    columns: tuple[str, ...]
    target: str
    referenced: tuple[str, ...]
    rule: str
    full: bool


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition over columns: of a CHECK, a domain, partitions or a partial index."""

    expression: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger with its function's body."""

    definition: str
    function: str
    body: str


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table that both sides have, with the rules of both.

    ``alone`` are the columns that only one side (0, 1) has.

    ``policies`` are the conditions of the policies of both sides.
    """

    name: str
    schema: str
    columns: tuple[Column, ...]
    alone: tuple[tuple[str, int], ...]
    keys: dict[UniqueKey, HavingSides]
    foreign_keys: dict[ForeignKey, HavingSides]
    checks: dict[Condition, HavingSides]
    triggers: dict[Trigger, HavingSides]
    texts: tuple[str, ...]
    policies: tuple[str, ...] = ()

    @cached_property
    def by_name(self) -> dict[str, Column]:
        """The columns by name."""
        return {column.name: column for column in self.columns}

    @cached_property
    def primary(self) -> UniqueKey | None:
        """The key that identifies rows, without expressions; a key of both sides if possible."""
        plain = [key for key in self.keys if key.indexed == key.parts and not key.predicate]
        plain = [key for key in plain if all(name in self.by_name for name in key.indexed)]
        best = sorted(plain, key=lambda key: -len(self.keys[key]))
        return best[0] if best else None

    @property
    def differs(self) -> bool:
        """Whether one side has a rule that the other lacks, or a column differs."""
        rules: list[HavingSides] = [
            *self.keys.values(),
            *self.foreign_keys.values(),
            *self.checks.values(),
            *self.triggers.values(),
        ]
        return (
            any(sides != BOTH for sides in rules)
            or bool(self.alone)
            or any(column_differs(column) for column in self.columns)
        )


def column_differs(column: Column) -> bool:
    """Whether the two sides define a column differently."""
    return (
        column.types[0] != column.types[1]
        or column.defaults[0] != column.defaults[1]
        or column.identities[0] != column.identities[1]
        or len(column.not_null) == 1
        or len(column.generated) == 1
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A view that both sides have; ``columns`` are those of both, with their types by side."""

    name: str
    columns: tuple[tuple[str, str, str], ...]
    definitions: tuple[str, str]
    materialized: tuple[bool, bool]
    live: tuple[str | None, str | None]
    """The query for the view if all materialized views were refreshed; None: the view itself."""
    tables: tuple[str, ...]
    refreshed: tuple[str, ...] = ()
    """The materialized views to refresh, in this order, before the view is up to date."""
    below: tuple[str, ...] = ()
    """The other views that it reads, on either side, through others as well."""

    @property
    def differs(self) -> bool:
        """Whether the text of the two definitions differs."""
        return self.definitions[0] != self.definitions[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Routine:
    """A function or procedure that both sides have and that can be called.

    ``call`` is the SQL before its arguments; ``settings`` are its volatility and the like;
    ``returns`` is the type of the result, or of one row of it.
    """

    name: str
    call: str
    arguments: tuple[Column, ...]
    bodies: tuple[str, str]
    settings: tuple[str, str]
    returns: tuple[Type, Type] = (ANY, ANY)
    is_overloaded: bool = False
    is_ordered: bool = False
    """Whether both bodies ask for an order of the rows that they return."""

    @property
    def differs(self) -> bool:
        """Whether one side's code or settings differ from the other's."""
        return self.bodies[0] != self.bodies[1] or self.settings[0] != self.settings[1]


@dataclass(frozen=True, kw_only=True)
class Model:
    """The tables and views that both sides have.

    ``sequences`` are those of each side with where they start; ``functions`` the bodies of each
    side's functions by their name; ``only`` the views that one side alone has.
    """

    tables: dict[str, Table]
    views: dict[str, View]
    functions: tuple[dict[str, str], dict[str, str]]
    sequences: tuple[dict[str, int], dict[str, int]]
    deferrable: bool
    only: tuple[tuple[str, int], ...] = ()
    missing: tuple[tuple[str, int], ...] = ()
    parents: frozenset[str] = frozenset()
    routines: tuple[Routine, ...] = ()
    renamed: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By table or view: the columns with another name on the candidate, and that name."""

    @cached_property
    def subjects(self) -> tuple[str, ...]:
        """The tables that are tested: all but ``parents``, which others only refer to."""
        return tuple(name for name in self.tables if name not in self.parents)
