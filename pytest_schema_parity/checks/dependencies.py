"""What the statements of a counterexample depend on: triggers' functions, columns' types, …"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from pytest_schema_parity.behavior.statements.mentions import mentions
from pytest_schema_parity.schema.facts import Fact, Key, Schema

READ: Final = frozenset({"table", "view", "materialized view"})
READING: Final = frozenset({"view", "materialized view", "function", "procedure", "rule"})
"""The kinds that read tables and views; a foreign key only names one."""
CALLED: Final = frozenset(
    {"function", "procedure", "aggregate", "domain", "enum", "composite type", "range type"}
    | {"sequence"}
)
"""The kinds that all others use by name."""
LAST: Final = re.compile(r'("(?:[^"]|"")*"|[^".(]+)(?:\(.*)?$', re.DOTALL)
"""The last part of a name, without the arguments of a function."""


def dependencies(schemas: Iterable[Schema], names: Iterable[str]) -> frozenset[Key]:
    """The keys of all that tables, views or routines use, on either side, through others as well.

    What is below a table is among it: its columns use their types and defaults, its triggers a
    function.  Names are looked for in definitions, where they may stand without their schema.
    """
    roots = frozenset(names)
    return frozenset(key for schema in schemas for key in _used(schema, roots))


def _used(schema: Schema, roots: frozenset[str]) -> Iterator[Key]:
    below: dict[Key | None, list[Fact]] = {}
    for fact in schema:
        below.setdefault(fact.parent, []).append(fact)
    known = {fact.key: bare(fact.name) for fact in schema if fact.kind in CALLED | READ}
    facts = {fact.key: fact for fact in schema}
    waiting = [fact for fact in schema if fact.name in roots]
    seen = {fact.key for fact in waiting}
    for fact in waiting:  # grows while it is walked
        yield fact.key
        text = "\n".join(_texts(fact.attributes))
        kinds = CALLED | READ if fact.kind in READING else CALLED
        named = [facts[k] for k, n in known.items() if k[0] in kinds and mentions(text, n)]
        for other in [*below.get(fact.key, ()), *named]:
            if other.key not in seen:
                seen.add(other.key)
                waiting.append(other)


def bare(name: str) -> str:
    """``f`` of ``public.f(integer)``."""
    found = LAST.search(name)
    return found[1] if found else name


def _texts(value: object) -> Iterator[str]:
    """All texts of a fact's attributes."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)
