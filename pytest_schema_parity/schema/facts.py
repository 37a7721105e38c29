"""A schema: the immutable set of a database's facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from types import MappingProxyType

from pytest_schema_parity.errors import UnknownName
from pytest_schema_parity.schema import store
from pytest_schema_parity.schema.fact import UNKNOWN, Fact, Key, Origin, Place, Value
from pytest_schema_parity.schema.kinds import KINDS
from pytest_schema_parity.schema.names import meant_name

__all__ = ["UNKNOWN", "Fact", "Key", "Named", "Origin", "Place", "Schema", "Value"]


class Named(Mapping[str, "Schema"]):
    """The facts of one kind by name, each as a :class:`Schema` of it and all facts below it."""

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
    ``version`` is the server's, as in ``18.6``.  Two schemas are equal if their facts are, in any
    order.  Parents form no cycle.

    ``tables``, ``views`` and so on map names to narrower schemas: a fact and all facts below it.
    """

    def __init__(
        self, facts: Iterable[Fact] = (), *, version: str = "", platform: str | None = None
    ) -> None:
        self._facts: dict[Key, Fact] = {}
        self.version = version
        self.platform = platform
        for fact in facts:
            if self._facts.setdefault(fact.key, fact) is not fact:
                raise ValueError(f"{fact.kind} {fact.name} occurs twice")

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
        """The facts of one kind, without the facts below them.

        Raises :class:`~pytest_schema_parity.errors.UnknownName` for a kind that does not exist.
        """
        kinds = {fact.kind for fact in self}.union(KINDS)
        if kind not in kinds:
            raise UnknownName(f"there is no kind {kind!r}{_suggestion(kind, kinds)}")
        return self._narrowed(fact for fact in self if fact.kind == kind)

    def in_schema(self, name: str) -> Schema:
        """One schema of the database and all that is in it."""
        return self.branch(("schema", name))

    def branch(self, key: Key) -> Schema:
        """A fact and all facts below it.

        Raises :class:`~pytest_schema_parity.errors.UnknownName`, with the nearest name known.
        """
        if key not in self:
            raise UnknownName(self._unknown_name(*key))
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
        return store.to_json(self._facts, version=self.version, platform=self.platform)

    @classmethod
    def from_json(cls, text: str | bytes) -> Schema:
        """The schema that :meth:`to_json` wrote.

        Raises :class:`~pytest_schema_parity.errors.SchemaFormatError`, with place and remedy.
        """
        stored = store.from_json(text)
        return cls(stored.facts, version=stored.version, platform=stored.platform)

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

    def _unknown_name(self, kind: str, name: str) -> str:
        elsewhere = next((fact.kind for fact in self if fact.name == name), None)
        hint = f"; {elsewhere} {name} exists" if elsewhere else _suggestion(name, Named(kind, self))
        return f"there is no {kind} {name}{hint}"


def _suggestion(name: str, known: Iterable[str]) -> str:
    near = meant_name(name, known)
    return f"; did you mean {near}?" if near else ""
