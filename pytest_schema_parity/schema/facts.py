"""Facts: what a catalog says, one immutable value at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TypeAlias

from pytest_schema_parity.errors import UnknownName
from pytest_schema_parity.schema.kinds import KINDS, kind_of
from pytest_schema_parity.schema.names import nearest
from pytest_schema_parity.schema.spellings import canonical_attributes

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
    """The statement that made a fact, and the last one that changed it; None where unknown.

    ``attributes`` holds the statements that are known to have changed one attribute last.
    """

    made: Place | None = None
    changed: Place | None = None
    attributes: Mapping[str, Place] = field(default_factory=dict, hash=False)

    def of(self, attribute: str | None) -> Place | None:
        """Where to look for what a fact says in an attribute, as near as is known."""
        return self.attributes.get(attribute or "") or self.place

    @property
    def place(self) -> Place | None:
        """Where to look for what a fact says: the last change, else the making."""
        return self.changed or self.made

    @property
    def first(self) -> Place | None:
        """Where to look for a fact as a whole: the making, else the last change."""
        return self.made or self.changed


UNKNOWN = Origin()


@dataclass(frozen=True, slots=True, eq=False)
class Fact:
    """One thing that the catalog says.

    ``kind`` is PostgreSQL's own word (``table``, ``materialized view``), ``name`` the qualified SQL
    name, quoted where SQL wants it, ``parent`` the fact that this one hangs below.  Two facts are
    equal when they say the same, be it in another spelling; where they come from (``origin``) and
    whether a platform brought them and no tree changed them (``provided``) does not count.  No
    attribute is named ``parent``.
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
        """The place among siblings of the same kind; None for kinds whose order means nothing."""
        order = kind_of(self.kind).order
        rank = self.attributes.get(order) if order else None
        return rank if isinstance(rank, int) else None

    @property
    def canonical(self) -> Mapping[str, object]:
        """The attributes in one spelling: equal where PostgreSQL treats two facts alike."""
        return canonical_attributes(self.kind, self.attributes)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Fact):
            return NotImplemented
        if self.key != other.key or self.parent != other.parent:
            return False
        return self.attributes == other.attributes or self.canonical == other.canonical

    __hash__ = None  # type: ignore[assignment]  # attributes hold lists


class Named(Mapping[str, "Schema"]):
    """The facts of one kind by name, each as a :class:`Schema` of the fact and all below it."""

    def __init__(self, kind: str, schema: Schema) -> None:
        self._kind = kind
        self._schema = schema

    def __getitem__(self, name: str) -> Schema:
        return self._schema.branch((self._kind, name))

    def __iter__(self) -> Iterator[str]:
        return (fact.name for fact in self._schema if fact.kind == self._kind)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, name: object) -> bool:
        return (self._kind, name) in self._schema

    def __repr__(self) -> str:
        return f"<{len(self)} facts of kind {self._kind!r}>"


class _Every:
    """An attribute of :class:`Schema` that maps the names of one kind."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def __get__(self, schema: Schema, owner: type[Schema]) -> Named:
        return Named(self._kind, schema)


class Schema:
    """The immutable set of a database's facts.

    ``platform`` names what a host put into the database before the first migration, or is None;
    ``version`` is the server's, as in ``18.6``.  Two schemas are equal when their facts are,
    whatever the order in which they were given.  Parents never go round in a circle.

    ``tables``, ``views`` and their like map names to narrower schemas: the thing and all below it.
    """

    def __init__(
        self, facts: Iterable[Fact] = (), *, version: str = "", platform: str | None = None
    ) -> None:
        self._facts: dict[Key, Fact] = {}
        self.version = version
        self.platform = platform
        for fact in facts:
            if self._facts.setdefault(fact.key, fact) is not fact:
                raise ValueError(f"two facts of one schema are {fact.kind} {fact.name}")

    schemas = _Every("schema")
    extensions = _Every("extension")
    enums = _Every("enum")
    domains = _Every("domain")
    composite_types = _Every("composite type")
    tables = _Every("table")
    columns = _Every("column")
    constraints = _Every("constraint")
    indexes = _Every("index")
    sequences = _Every("sequence")
    functions = _Every("function")
    procedures = _Every("procedure")
    triggers = _Every("trigger")
    views = _Every("view")
    materialized_views = _Every("materialized view")
    policies = _Every("policy")
    privileges = _Every("privilege")
    roles = _Every("role")

    def of_kind(self, kind: str) -> Schema:
        """The facts of one kind, without what hangs below them.

        Raises :class:`~pytest_schema_parity.errors.UnknownName` for a kind that does not exist.
        """
        kinds = {fact.kind for fact in self}.union(KINDS)
        if kind not in kinds:
            raise UnknownName(f"there is no kind {kind!r}{_meant(kind, kinds)}")
        return self._narrowed(fact for fact in self if fact.kind == kind)

    def in_schema(self, name: str) -> Schema:
        """One schema of the database and all that is in it."""
        return self.branch(("schema", name))

    def branch(self, key: Key) -> Schema:
        """A fact and all that hangs below it.

        Raises :class:`~pytest_schema_parity.errors.UnknownName`, with the nearest name known.
        """
        if key not in self:
            raise UnknownName(self._absence(*key))
        branch = [self[key]]
        for fact in branch:
            branch.extend(self.children.get(fact.key, ()))
        return self._narrowed(branch)

    @property
    def facts(self) -> Mapping[Key, Fact]:
        """Every fact, by kind and name; read-only."""
        return MappingProxyType(self._facts)

    @cached_property
    def children(self) -> Mapping[Key, tuple[Fact, ...]]:
        """The facts below each fact, by the parent's key."""
        below: dict[Key, list[Fact]] = {}
        for fact in self:
            if fact.parent is not None:
                below.setdefault(fact.parent, []).append(fact)
        return {key: tuple(facts) for key, facts in below.items()}

    def get(self, key: Key) -> Fact | None:
        """The fact of that kind and name, or None."""
        return self._facts.get(key)

    def to_json(self) -> str:
        """This schema as JSON text, one fact a line: a baseline that compares without a server."""
        from pytest_schema_parity.schema.store import to_json

        return to_json(self)

    @classmethod
    def from_json(cls, text: str) -> Schema:
        """The schema that :meth:`to_json` wrote.

        Raises :class:`~pytest_schema_parity.errors.SchemaFormatError`, with place and remedy.
        """
        from pytest_schema_parity.schema.store import from_json

        return from_json(text)

    def __iter__(self) -> Iterator[Fact]:
        return iter(self._facts.values())

    def __len__(self) -> int:
        return len(self._facts)

    def __contains__(self, key: object) -> bool:
        return key in self._facts

    def __getitem__(self, key: Key) -> Fact:
        return self._facts[key]

    def __eq__(self, other: object) -> bool:
        return self._facts == other._facts if isinstance(other, Schema) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<Schema of {len(self)} facts>"

    def _narrowed(self, facts: Iterable[Fact]) -> Schema:
        return Schema(facts, version=self.version, platform=self.platform)

    def _absence(self, kind: str, name: str) -> str:
        elsewhere = next((fact.kind for fact in self if fact.name == name), None)
        hint = f"; {elsewhere} {name} exists" if elsewhere else _meant(name, Named(kind, self))
        return f"there is no {kind} {name}{hint}"


def _meant(name: str, known: Iterable[str]) -> str:
    near = nearest(name, known)
    return f"; did you mean {near}?" if near else ""
