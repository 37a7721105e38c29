"""Facts: what a catalog says, one immutable value at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TypeAlias

Value: TypeAlias = "str | int | float | bool | list[Value] | dict[str, Value] | None"
"""An attribute's value: whatever JSON holds. An attribute that is not set is absent, never None."""

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
    """The statement that made a fact, and the last one that changed it; None where unknown."""

    made: Place | None = None
    changed: Place | None = None

    @property
    def place(self) -> Place | None:
        """Where to look first: the last change, else the making."""
        return self.changed or self.made


UNKNOWN = Origin()


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that the catalog says.

    ``kind`` is PostgreSQL's own word (``table``, ``materialized view``), ``name`` the qualified SQL
    name, quoted where SQL wants it, ``parent`` the fact that this one hangs below.  Two facts are
    equal when they say the same; where they come from (``origin``) and whether a platform brought
    them (``provided``) does not count.
    """

    kind: str
    name: str
    attributes: Mapping[str, Value] = field(default_factory=dict)
    parent: Key | None = None
    origin: Origin = field(default=UNKNOWN, compare=False)
    provided: bool = field(default=False, compare=False)

    @property
    def key(self) -> Key:
        """The identity: kind and name."""
        return (self.kind, self.name)

    __hash__ = None  # type: ignore[assignment]  # attributes hold lists


class Schema:
    """The immutable set of a database's facts.

    ``platform`` names what a host put into the database before the first migration, or is None;
    ``version`` is the server's, as in ``18.6``.  Two schemas are equal when their facts are.
    """

    def __init__(
        self, facts: Iterable[Fact] = (), *, version: str = "", platform: str | None = None
    ) -> None:
        self._facts = MappingProxyType({fact.key: fact for fact in facts})
        self.version = version
        self.platform = platform

    def __iter__(self) -> Iterator[Fact]:
        return iter(self._facts.values())

    def __len__(self) -> int:
        return len(self._facts)

    def __contains__(self, key: object) -> bool:
        return key in self._facts

    def __getitem__(self, key: Key) -> Fact:
        return self._facts[key]

    def get(self, key: Key) -> Fact | None:
        """The fact of that kind and name, or None."""
        return self._facts.get(key)

    def __eq__(self, other: object) -> bool:
        return self._facts == other._facts if isinstance(other, Schema) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<Schema of {len(self)} facts>"

    @cached_property
    def children(self) -> Mapping[Key, tuple[Fact, ...]]:
        """The facts below each fact, by the parent's key."""
        below: dict[Key, list[Fact]] = {}
        for fact in self:
            if fact.parent is not None:
                below.setdefault(fact.parent, []).append(fact)
        return {key: tuple(facts) for key, facts in below.items()}
