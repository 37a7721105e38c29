"""Schemas for tests: written by hand in few words, and drawn by Hypothesis."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace

from hypothesis import strategies as st

from pytest_schema_parity.schema.facts import Fact, Key, Origin, Place, Schema, Value
from pytest_schema_parity.schema.kinds import KINDS, kind_of

PUBLIC: Key = ("schema", "public")


def schema(*facts: Fact | Iterable[Fact], platform: str | None = None) -> Schema:
    """A schema of these facts in ``public``."""
    flat = [Fact(*PUBLIC)]
    for one in facts:
        flat.extend([one] if isinstance(one, Fact) else one)
    return Schema(flat, version="18.6", platform=platform)


def fact(kind: str, name: str, parent: Key | None = PUBLIC, **attributes: Value) -> Fact:
    return Fact(kind, name, attributes, parent)


def table(name: str, *columns: str, **attributes: Value) -> list[Fact]:
    """A table in ``public`` with columns such as ``email text``; ``text!`` is not null."""
    facts = [fact("table", f"public.{name}", **attributes)]
    for position, column in enumerate(columns, 1):
        column_name, _, column_type = column.partition(" ")
        told: dict[str, Value] = {"type": column_type.removesuffix("!") or "text"}
        if column_type.endswith("!"):
            told["not_null"] = True
        key = facts[0].key
        facts.append(fact("column", f"public.{name}.{column_name}", key, position=position, **told))
    return facts


def unique_constraint(table: str, name: str, **attributes: Value) -> list[Fact]:
    """A unique constraint with its index."""
    constraint = fact(
        "constraint", f"public.{table}.{name}", ("table", f"public.{table}"), type="u", **attributes
    )
    return [constraint, replace(unique_index(table, name, "constraint"), parent=constraint.key)]


def unique_index(table: str, name: str, form: str = "index") -> Fact:
    return fact("index", f"public.{name}", ("table", f"public.{table}"), unique=True, form=form)


_IDENTIFIERS = st.sampled_from(
    [
        "a",
        "b",
        "users",
        '"Role"',
        '"a b"',
        '"with ""quotes"""',
        '"public.users"',
        '"f(x"',
        '"ON TABLE public.users TO a"',
        "größe",
        '"\N{SNOWMAN}\r\n"',
        '"[*]"',
        "n" * 63,
    ]
)
_VALUES: st.SearchStrategy[Value] = st.one_of(
    st.booleans(), st.integers(0, 3), st.sampled_from(["", "x", "int4"]), st.just(["x", "y"])
)
_ATTRIBUTES = st.dictionaries(
    st.sampled_from(["comment", "definition", "deferrable", "form", "owner", "type", "unique"]),
    _VALUES,
    max_size=3,
)
_PLACES = st.none() | st.builds(Place, st.sampled_from(["a.sql", "ü b.sql"]), st.integers(1, 9))
_BELOW = {
    "schema": ["table", "view", "function", "enum", "sequence", "privilege", "index"],
    "table": ["column", "constraint", "index", "trigger", "privilege"],
    "view": ["column", "privilege"],
    "constraint": ["index"],
    "column": ["sequence", "privilege"],
}


def _name(kind: str, identifier: str, parent: Key | None) -> str:
    if kind == "privilege" and parent:
        return f"ON {parent[0].upper()} {parent[1]} TO {identifier}"
    if kind == "function":
        return f"public.{identifier}(integer)"
    return f"{parent[1]}.{identifier}" if parent and kind != "index" else f"public.{identifier}"


@st.composite
def facts(draw: st.DrawFn) -> list[Fact]:
    """Facts of all kinds, as they hang below each other in a database, and some as they do not."""
    found: dict[Key, Fact] = {}
    for _ in range(draw(st.integers(0, 14))):
        parents = [key for key in found if key[0] in _BELOW]
        parent = draw(st.sampled_from(parents)) if parents and draw(st.integers(0, 6)) else None
        kind = draw(st.sampled_from(_BELOW[parent[0]] if parent else ["schema", *sorted(KINDS)]))
        name = _name(kind, draw(_IDENTIFIERS), parent)
        origin = Origin(draw(_PLACES), draw(_PLACES))
        one = Fact(kind, name, draw(_ATTRIBUTES), parent, origin, draw(st.booleans()))
        found.setdefault(one.key, one)
    return ranked(list(found.values()))


def ranked(some: Iterable[Fact]) -> list[Fact]:
    """The facts with their ranks as a catalog gives them: 1, 2, 3 among siblings as they stand."""
    count: dict[tuple[str, Key | None], int] = {}
    result = []
    for one in some:
        order = kind_of(one.kind).order
        if order:
            family = (one.kind, one.parent)
            count[family] = count.get(family, 0) + 1
            one = replace(one, attributes={**one.attributes, order: count[family]})
        result.append(one)
    return result


@st.composite
def schemas(draw: st.DrawFn) -> Schema:
    return Schema(draw(facts()), version="18.6")


@st.composite
def drifts(draw: st.DrawFn) -> tuple[Schema, Schema]:
    """Two schemas, of which the second is the first after some drift."""
    reference = draw(facts())
    drifted = list(reference)
    for _ in range(draw(st.integers(0, 4))):
        drifted = _drift(draw, drifted)
    return Schema(reference), Schema(ranked(drifted))


def _drift(draw: st.DrawFn, before: list[Fact]) -> list[Fact]:
    """One change: a fact renamed, dropped, changed, moved, or all of them in another order."""
    if not before:
        return draw(facts())
    one = draw(st.sampled_from(before))
    match draw(st.sampled_from(["rename", "drop", "drop alone", "change", "move", "shuffle"])):
        case "rename":
            return renamed(before, one.key, _name(one.kind, draw(_IDENTIFIERS), one.parent))
        case "drop":
            gone = {below.key for below in Schema(before).branch(one.key)}
            return [other for other in before if other.key not in gone]
        case "drop alone":
            return [other for other in before if other is not one]
        case "change":
            changed = replace(one, attributes=draw(_ATTRIBUTES))
            return [changed if other is one else other for other in before]
        case "move":
            gone = {below.key for below in Schema(before).branch(one.key)}
            parent = draw(st.sampled_from([None, *(f.key for f in before if f.key not in gone)]))
            return [replace(one, parent=parent) if other is one else other for other in before]
        case _:
            random.Random(draw(st.integers(0, 99))).shuffle(before := list(before))
            return before


def renamed(before: list[Fact], key: Key, name: str) -> list[Fact]:
    """The facts with one of them, and what carries its name, named otherwise (if that is free)."""
    branch = {one.key for one in Schema(before).branch(key)}
    names = {old: (old[0], old[1].replace(key[1], name, 1)) for old in branch}
    names[key] = (key[0], name)
    after = [
        replace(
            one,
            name=names.get(one.key, one.key)[1],
            parent=names.get(one.parent, one.parent) if one.parent else None,
        )
        for one in before
    ]
    return after if len({one.key for one in after}) == len(after) else before
