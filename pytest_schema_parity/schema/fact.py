"""One fact: an object of the catalog with its attributes and its origin, immutable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from pytest_schema_parity.schema.kinds import kind_of
from pytest_schema_parity.schema.spellings import canonical_attributes

Value: TypeAlias = "str | int | float | bool | list[Value] | dict[str, Value] | None"
"""An attribute's value: any JSON value. An attribute that is not set is absent, never None."""

Key: TypeAlias = tuple[str, str]
"""A fact's identity: its kind and its name."""


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file, the file as a user would write it: relative to the project."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Origin:
    """The statement that made a fact, and the last one that changed it; None if unknown.

    ``attributes`` holds the statements that are known to have changed one attribute last.
    """

    made: Place | None = None
    changed: Place | None = None
    attributes: Mapping[str, Place] = field(default_factory=dict, hash=False)

    def of(self, attribute: str | None) -> Place | None:
        """The statement that last changed an attribute, else the last one that changed the fact."""
        return self.attributes.get(attribute or "") or self.place

    @property
    def place(self) -> Place | None:
        """The statement that last changed the fact; if unknown, the one that created it."""
        return self.changed or self.made

    @property
    def first(self) -> Place | None:
        """The statement that created the fact; if unknown, the one that last changed it."""
        return self.made or self.changed


UNKNOWN = Origin()


@dataclass(frozen=True, slots=True, eq=False)
class Fact:
    """An object of the catalog (a table, a column, a privilege, ...) with its attributes.

    ``kind`` is PostgreSQL's own word (``table``, ``materialized view``), ``name`` the qualified SQL
    name, quoted where SQL requires it, ``parent`` the key of the fact that this one belongs to.
    Two facts are equal if key, parent and attributes are; attributes are also equal if they differ
    only in spelling (``canonical``).  Equality ignores the ``origin``, and ``provided``:
    whether the platform created the object and no tree changed it.  No attribute is named
    ``parent``.
    """

    kind: str
    name: str
    attributes: Mapping[str, Value] = field(default_factory=dict)
    parent: Key | None = None
    origin: Origin = UNKNOWN
    provided: bool = False

    @property
    def key(self) -> Key:
        """The identity: kind and name."""
        return (self.kind, self.name)

    @property
    def rank(self) -> int | None:
        """The position among siblings of the same kind; None for kinds without an order."""
        order = kind_of(self.kind).order
        rank = self.attributes.get(order) if order else None
        return rank if isinstance(rank, int) else None

    @property
    def canonical(self) -> Mapping[str, object]:
        """The attributes, normalised: equal if PostgreSQL treats two facts alike."""
        return canonical_attributes(self.kind, self.attributes)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Fact):
            return NotImplemented
        if self.key != other.key or self.parent != other.parent:
            return False
        return self.attributes == other.attributes or self.canonical == other.canonical

    __hash__ = None  # type: ignore[assignment]  # attributes hold lists
