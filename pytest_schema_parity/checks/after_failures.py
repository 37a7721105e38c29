"""Differences that may be there only because a statement failed, and its file with it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from pytest_schema_parity.migrations.failure import Failure
from pytest_schema_parity.migrations.lost import names_in
from pytest_schema_parity.schema.difference import Difference
from pytest_schema_parity.schema.facts import Fact, Place, Schema
from pytest_schema_parity.schema.names import name_tokens

_PRIVILEGE: Final = re.compile(r"(?:ON [A-Z ]+ )?(?P<object>.*?)(?:\(.*\))? TO (?P<to>.*)")
_PUBLIC: Final = "PUBLIC"


def failure_behind(
    difference: Difference, schemas: Sequence[Schema], failures: Sequence[Failure]
) -> Place | None:
    """The first failed statement that may have caused a difference, or None.

    It may if a statement that was lost with it names the thing that differs: a table by its name, a
    column by its own and its table's, a constraint by its table's and its columns' if not its own.
    """
    wanted = [
        names
        for schema in schemas
        if (fact := schema.get(difference.key)) is not None
        for names in _ways_to_name(fact, schema)
    ]
    for failure in failures:
        if any(names <= statement for statement in failure.lost for names in wanted):
            return Place(failure.file, failure.line)
    return None


def _ways_to_name(fact: Fact, schema: Schema) -> Iterator[frozenset[str]]:
    """The sets of names of which a statement holds one if it is about a fact."""
    if privilege := _PRIVILEGE.fullmatch(fact.name):
        to = frozenset() if privilege["to"] == _PUBLIC else names_in(privilege["to"])
        names = [name for name in name_tokens(privilege["object"]) if name != "."]
        yield names_in(" ".join(names[1:] or names)) | to
        return
    parent = schema.get(fact.parent) if fact.parent else None
    if parent is None or parent.kind == "schema":
        yield _last(fact.name)
        return
    above = _last(parent.name)
    yield above | _last(fact.name)
    if "definition" in parent.attributes:
        yield above
    if isinstance(columns := fact.attributes.get("columns"), list):
        yield above | names_in(" ".join(map(str, columns)))


def _last(name: str) -> frozenset[str]:
    """The last part of a qualified name, a function's without its arguments."""
    tokens = name_tokens(name)
    end = tokens.index("(") if "(" in tokens else len(tokens)
    return names_in(tokens[end - 1]) if end else frozenset()
