"""What the statements of a counterexample depend on: triggers' functions, columns' types, …"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from pytest_schema_parity.behavior.statements.mentions import mentions
from pytest_schema_parity.schema.facts import Fact, Key, Schema

RELATION_KINDS: Final = frozenset({"table", "view", "materialized view"})
KINDS_THAT_READ: Final = frozenset({"view", "materialized view", "function", "procedure", "rule"})
"""The kinds that read tables and views; a foreign key only names one."""
KINDS_USED_BY_NAME: Final = frozenset(
    {"function", "procedure", "aggregate", "domain", "enum", "composite type", "range type"}
    | {"sequence"}
)
"""The kinds that all others use by name."""
LAST_PART: Final = re.compile(r'("(?:[^"]|"")*"|[^".(]+)(?:\(.*)?$', re.DOTALL)
"""The last part of a name, without the arguments of a function."""


def dependencies(schemas: Iterable[Schema], names: Iterable[str]) -> frozenset[Key]:
    """The keys of all facts that tables, views or routines use, directly or not, on either side.

    The columns, triggers, … of a table are among them, with the types and functions that these use.
    Names are looked for in definitions, where they may be written without their schema.
    """
    roots = frozenset(names)
    return frozenset(key for schema in schemas for key in _dependencies_in(schema, roots))


def _dependencies_in(schema: Schema, roots: frozenset[str]) -> Iterator[Key]:
    below: dict[Key | None, list[Fact]] = {}
    for fact in schema:
        below.setdefault(fact.parent, []).append(fact)
    known = {
        fact.key: last_part(fact.name)
        for fact in schema
        if fact.kind in KINDS_USED_BY_NAME | RELATION_KINDS
    }
    facts = {fact.key: fact for fact in schema}
    waiting = [fact for fact in schema if fact.name in roots]
    seen = {fact.key for fact in waiting}
    for fact in waiting:  # grows while it is walked
        yield fact.key
        text = "\n".join(_texts_in(fact.attributes))
        kinds = (
            KINDS_USED_BY_NAME | RELATION_KINDS
            if fact.kind in KINDS_THAT_READ
            else KINDS_USED_BY_NAME
        )
        named = [facts[k] for k, n in known.items() if k[0] in kinds and mentions(text, n)]
        for other in [*below.get(fact.key, ()), *named]:
            if other.key not in seen:
                seen.add(other.key)
                waiting.append(other)


def last_part(name: str) -> str:
    """``f`` of ``public.f(integer)``."""
    found = LAST_PART.search(name)
    return found[1] if found else name


def _texts_in(value: object) -> Iterator[str]:
    """All texts of a fact's attributes."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts_in(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts_in(each)
