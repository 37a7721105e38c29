"""Merge the rules of two databases: every rule is kept with the sides that have it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from typing import Any, Final, TypeVar

import psycopg

BOTH: Final = frozenset({0, 1})
"""The sides: 0 is the reference, 1 the candidate."""

Sides = frozenset[int]
Document = dict[str, Any]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column that both sides have; ``defaults`` and ``types`` hold one value for each side."""

    name: str
    types: tuple[Type, Type]
    not_null: Sides
    defaults: tuple[str | None, str | None]
    identities: tuple[str, str]
    generated: Sides

    @property
    def type(self) -> Type:
        """The reference's type."""
        return self.types[0]

    @property
    def has_default(self) -> Sides:
        """The sides on which the column has a value if an INSERT leaves it out."""
        return frozenset(
            side for side in (0, 1) if self.defaults[side] is not None or self.identities[side]
        )


@dataclass(frozen=True, slots=True)
class Key:
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
class Check:
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
    """A table that both sides have, with the rules of both; ``alone`` are one side's columns."""

    name: str
    schema: str
    columns: tuple[Column, ...]
    alone: tuple[tuple[str, int], ...]
    keys: dict[Key, Sides]
    foreign_keys: dict[ForeignKey, Sides]
    checks: dict[Check, Sides]
    triggers: dict[Trigger, Sides]
    texts: tuple[str, ...]

    @cached_property
    def by_name(self) -> dict[str, Column]:
        """The columns by name."""
        return {column.name: column for column in self.columns}

    @cached_property
    def primary(self) -> Key | None:
        """The key that identifies rows, without expressions; a key of both sides if possible."""
        plain = [key for key in self.keys if key.indexed == key.parts and not key.predicate]
        plain = [key for key in plain if all(name in self.by_name for name in key.indexed)]
        best = sorted(plain, key=lambda key: -len(self.keys[key]))
        return best[0] if best else None

    @property
    def differs(self) -> bool:
        """Whether one side has a rule that the other lacks, or a column differs."""
        rules: list[Sides] = [
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

    @property
    def differs(self) -> bool:
        """Whether the text of the two definitions differs."""
        return self.definitions[0] != self.definitions[1]


@dataclass(frozen=True, slots=True, kw_only=True)
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

    @property
    def subjects(self) -> tuple[str, ...]:
        """The tables that are tested: all but ``parents``, which others only refer to."""
        return tuple(name for name in self.tables if name not in self.parents)


def read_document(connection: psycopg.Connection) -> Document:
    """Read one side's catalog, names qualified; the connection is in a transaction."""
    query = files(__package__).joinpath("model.sql").read_text(encoding="utf-8")
    connection.execute("SAVEPOINT reading; SET LOCAL search_path = pg_catalog")
    row = connection.execute(query.encode()).fetchone()
    connection.execute("ROLLBACK TO SAVEPOINT reading")  # which resets the search_path
    assert row is not None  # noqa: S101 - the query has exactly one row
    document: Document = row[0] if isinstance(row[0], dict) else json.loads(row[0])
    return document


def leave_out(document: Document, omits: Callable[[str], bool]) -> None:
    """Remove tables and views from a document, except tables that the others refer to."""
    tables = document["tables"]
    kept = [name for name in tables if not omits(name)]
    for name in kept:  # grows while it is walked
        targets = (key["target"] for key in tables[name]["foreign_keys"])
        kept += [target for target in targets if target in tables and target not in kept]
    document["tables"] = {name: table for name, table in tables.items() if name in set(kept)}
    views = document["views"].items()
    document["views"] = {name: view for name, view in views if not omits(name)}


def remove(document: Document, names: Container[str]) -> None:
    """Remove tables and views from a document, even if others refer to them."""
    for what in ("tables", "views"):
        kept = {name: each for name, each in document[what].items() if name not in names}
        document[what] = kept


def merge(reference: Document, candidate: Document) -> Model:
    """Merge two documents into the model of the tables and views that both have."""
    sides = (reference, candidate)
    names = [name for name in reference["tables"] if name in candidate["tables"]]
    views = [name for name in reference["views"] if name in candidate["views"]]
    return Model(
        tables={name: _table(name, sides) for name in sorted(names)},
        views={name: _view(name, sides) for name in sorted(views)},
        functions=(_functions(reference), _functions(candidate)),
        sequences=(reference["sequences"], candidate["sequences"]),
        deferrable=reference["deferrable"] or candidate["deferrable"],
        only=_alone("views", sides),
        missing=_alone("tables", sides),
    )


def _alone(what: str, sides: Sequence[Document]) -> tuple[tuple[str, int], ...]:
    return tuple(
        (name, side)
        for side in (0, 1)
        for name in sides[side][what]
        if name not in sides[1 - side][what]
    )


def _functions(document: Document) -> dict[str, str]:
    return {each["name"]: each["body"] or "" for each in document["functions"].values()}


def _table(name: str, sides: Sequence[Document]) -> Table:
    found = [side["tables"][name] for side in sides]
    named = [{column["name"]: column for column in table["columns"]} for table in found]
    shared = [column for column in named[0] if column in named[1]]
    checks = _merge([[*map(_check, t["checks"]), *_partitions(t)] for t in found])
    for at, (side, table) in enumerate(zip(sides, found, strict=True)):
        for column in table["columns"]:
            for domain in _domain_checks(side, column):
                checks[domain] = checks.get(domain, frozenset()) | {at}
    return Table(
        name=name,
        schema=found[0]["schema"],
        columns=tuple(_column(column, sides, named) for column in shared),
        alone=tuple(
            (column, at) for at in (0, 1) for column in named[at] if column not in named[1 - at]
        ),
        keys=_merge([map(_key, table["keys"]) for table in found]),
        foreign_keys=_merge([map(_foreign_key, table["foreign_keys"]) for table in found]),
        checks=checks,
        triggers=_merge([map(_trigger, table["triggers"]) for table in found]),
        texts=tuple(
            text for t in found for text in [*t["policies"], *t["rules"], *_expressions(t)] if text
        ),
    )


def _expressions(table: Document) -> Iterable[str]:
    return (column["expression"] for column in table["columns"] if column["expression"])


Rule = TypeVar("Rule")


def _merge(sides: Sequence[Iterable[Rule]]) -> dict[Rule, Sides]:
    merged: dict[Rule, Sides] = {}
    for side, rules in enumerate(sides):
        for rule in rules:
            merged[rule] = merged.get(rule, frozenset()) | {side}
    return merged


def _column(name: str, sides: Sequence[Document], named: Sequence[Document]) -> Column:
    columns = [each[name] for each in named]

    def having(test: Callable[[Document], object]) -> Sides:
        return frozenset(at for at, column in enumerate(columns) if test(column))

    def not_null(at: int) -> bool:
        return columns[at]["not_null"] or _domain_not_null(sides[at], columns[at]["type_key"])

    return Column(
        name=name,
        types=(_type(sides[0], columns[0]["type"]), _type(sides[1], columns[1]["type"])),
        not_null=frozenset(at for at in (0, 1) if not_null(at)),
        defaults=(columns[0]["default"], columns[1]["default"]),
        identities=(columns[0]["identity"], columns[1]["identity"]),
        generated=having(lambda column: column["generated"]),
    )


def _type(side: Document, name: str) -> Type:
    """The type of a name with modifiers; of a domain (also over domains), the base type."""
    key = name if name in side["types"] else _without_modifiers(name)
    entry = side["types"].get(key)
    if entry is None:
        return Type(name)
    if entry["kind"] == "d":
        below = _type(side, entry["base"])
        return Type(
            below.name, below.kind, below.category, below.labels, below.element, below.subtype,
            below.fields, key,
        )  # fmt: skip
    return Type(
        name=name,
        kind=entry["kind"],
        category=entry["category"],
        labels=tuple(entry["labels"] or ()),
        element=_type(side, entry["element"]) if entry["element"] else None,
        subtype=_type(side, entry["subtype"]) if entry["subtype"] else None,
        fields=tuple(_type(side, each) for each in entry["fields"] or ()),
    )


def _without_modifiers(name: str) -> str:
    """A type's name without its modifiers ``(10,2)``, which may be in its middle."""
    start, end = name.find("("), name.find(")")
    return name if start < 0 else name[:start] + name[end + 1 :]


def _domain_not_null(side: Document, key: str) -> bool:
    entry = side["types"].get(key)
    return bool(entry and entry["kind"] == "d" and entry["not_null"])


def _domain_checks(side: Document, column: Document) -> Iterable[Check]:
    entry = side["types"].get(column["type_key"])
    while entry and entry["kind"] == "d":
        for expression in entry["checks"] or ():
            yield Check(expression.replace("VALUE", column["name"]), (column["name"],))
        entry = side["types"].get(_without_modifiers(entry["base"]))


def _check(found: Document) -> Check:
    return Check(found["expression"], tuple(found["columns"]))


def _partitions(table: Document) -> Iterable[Check]:
    """The CHECK that a row of a partitioned table belongs to one of its partitions."""
    parts = table["partitions"] or ()
    if parts and all(part["expression"] and part["columns"] for part in parts):
        columns = tuple(parts[0]["columns"])
        yield Check(" OR ".join(f"({part['expression']})" for part in parts), columns)


def _key(found: Document) -> Key:
    return Key(
        parts=tuple(found["parts"]),
        columns=tuple(sorted(found["columns"] or ())),
        indexed=tuple(found["indexed"] or ()),
        predicate=found["predicate"],
        nulls_equal=found["nulls_equal"],
        exclusion=found["exclusion"],
    )


def _foreign_key(found: Document) -> ForeignKey:
    pairs = sorted(zip(found["columns"], found["referenced"], strict=True))
    return ForeignKey(
        columns=tuple(column for column, _ in pairs),
        target=found["target"],
        referenced=tuple(column for _, column in pairs),
        rule=found["rule"],
        full=found["full"],
    )


def _trigger(found: Document) -> Trigger:
    return Trigger(found["definition"], found["function"], found["body"])


def _view(name: str, sides: Sequence[Document]) -> View:
    found = [side["views"][name] for side in sides]
    types = [{column["name"]: column["type"] for column in view["columns"]} for view in found]
    tables = sorted({table for side in sides for table in _base_tables(side, name)})
    return View(
        name=name,
        columns=tuple((c, types[0][c], types[1][c]) for c in types[0] if c in types[1]),
        definitions=(found[0]["definition"], found[1]["definition"]),
        materialized=(found[0]["materialized"], found[1]["materialized"]),
        live=(_live(sides[0], name), _live(sides[1], name)),
        tables=tuple(tables),
        refreshed=tuple(dict.fromkeys(each for side in sides for each in _refreshed(side, name))),
    )


def _live(side: Document, name: str) -> str | None:
    """A view's definition in which views that may be stale are replaced by their own queries.

    Names in definitions are qualified, so no common table expression can replace them: the query
    is put in the place of the name after FROM and JOIN.
    """
    view = side["views"][name]
    below = {each: _live(side, each) for each in view["reads"] if each in side["views"]}
    stale = {each: query for each, query in below.items() if query is not None}
    if not view["materialized"] and not stale:
        return None
    definition: str = view["definition"]
    for each, query in stale.items():
        definition = _written_out(definition, each, query)
    return definition


def _refreshed(side: Document, name: str) -> Iterator[str]:
    """The materialized views that a view reads, in the order in which they must be refreshed."""
    view = side["views"][name]
    for each in view["reads"]:
        if each in side["views"]:
            yield from _refreshed(side, each)
    if view["materialized"]:
        yield name


def _written_out(definition: str, name: str, query: str) -> str:
    """A definition in which a query, with an alias, replaces the name of a view."""
    alias = name.rpartition(".")[2]
    place = re.compile(rf'(?<![\w".]){re.escape(name)}(?![\w".])(\s+(?:"[^"]+"|[a-z_]\w*))?')
    return place.sub(lambda match: f"({query}) {match[1] or alias}", definition)


def _base_tables(side: Document, view: str) -> set[str]:
    """The tables that a view reads, through other views as well."""
    tables: set[str] = set()
    waiting, seen = [view], {view}
    while waiting:
        for name in side["views"][waiting.pop()]["reads"]:
            if name in side["tables"]:
                tables.add(name)
            elif name in side["views"] and name not in seen:
                seen.add(name)
                waiting.append(name)
    return tables
