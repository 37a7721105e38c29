"""Write SQL that reads tables and views in a form that can be compared."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from typing import Final

from pytest_schema_parity.behavior.statements.model import Model
from pytest_schema_parity.behavior.statements.outcome import TIMEOUT

ALIAS: Final = '"schema parity"'
NOT_READ: Final = "error not read"
"""The content of a table or view that is not read."""
CANCELED: Final = f"error {TIMEOUT}"
"""The content, or its beginning, of one whose reading was cancelled by a timeout."""
NUMBER: Final = re.compile(r"^(smallint|integer|bigint|real|double precision|numeric(\(.*\))?)$")
TIMESTAMP: Final = re.compile(r"^timestamp(\(\d\))? (with|without) time zone$")

Columns = tuple[tuple[str, str, str], ...]


def columns_of(model: Model, relation: str) -> Columns:
    """The columns of a table or view that both sides have, with the names of both types."""
    if relation in model.views:
        return model.views[relation].columns
    table = model.tables[relation]
    return tuple((c.name, c.types[0].name, c.types[1].name) for c in table.columns)


def count_and_hash(
    model: Model,
    relations: tuple[str, ...],
    side: int,
    *,
    as_role: bool = False,
    passed_over: Container[str] = (),
) -> str:
    """A PL/pgSQL body that returns a line a relation: its count of rows and the sum of hashes.

    With ``as_role`` a role reads, which may not be allowed to.  Relations in ``passed_over`` are
    not read, nor those after one whose reading is cancelled.
    """
    parts: list[str] = []
    for relation in relations:
        if relation in passed_over:
            parts.append(f"contents := array_append(contents, '{NOT_READ}');")
            continue
        values = ", ".join(_values(model, relation, side)) or "NULL"
        query = (
            f"SELECT count(*) || ':' || coalesce(sum(hashtextextended(ROW({values})::text, 0)), 0)"  # noqa: S608
            f" INTO content FROM {_source(model, relation, side, as_role)};"
        )
        if as_role or relation in model.views:
            canceled = f"RETURN array_to_string(contents || '{CANCELED}'::text, E'\\n');"
            query = (
                f"BEGIN {query} EXCEPTION WHEN query_canceled THEN {canceled}"
                " WHEN OTHERS THEN content := 'error ' || SQLSTATE; END;"
            )
        parts.append(f"{query} contents := array_append(contents, content);")
    return (
        "DECLARE content text; contents text[] := '{}'; BEGIN "
        f"{' '.join(parts)} RETURN array_to_string(contents, E'\\n'); END"
    )


def rows_as_json(model: Model, relation: str, side: int, *, as_role: bool = False) -> str:
    """A PL/pgSQL body that returns the rows of a relation: one JSON array of arrays of text.

    If a view cannot be read, it returns ``error``, the SQLSTATE and the message.
    """
    texts = [
        f"CASE WHEN {value} IS DISTINCT FROM NULL THEN format('%s', {value}) END"
        for value in _values(model, relation, side)
    ]
    row = f"to_json(ARRAY[{', '.join(texts)}]::text[])"
    source = _source(model, relation, side, as_role)
    query = f"SELECT coalesce(json_agg({row}), '[]') INTO content FROM {source};"  # noqa: S608
    if as_role or relation in model.views:
        failed = "content := 'error ' || SQLSTATE || ' ' || SQLERRM;"
        query = f"BEGIN {query} EXCEPTION WHEN query_canceled OR OTHERS THEN {failed} END;"
    return f"DECLARE content text; BEGIN {query} RETURN content; END"


def _source(model: Model, relation: str, side: int, as_role: bool) -> str:
    """The FROM item: the relation, or a query of a view with refreshed materialized views.

    A role cannot run that query: of a view that depends on a refresh it reads no rows, only whether
    it may read them.
    """
    view = model.views.get(relation)
    if view and as_role and any(view.live):
        return f"(SELECT * FROM {relation} WHERE false) AS {ALIAS}"  # noqa: S608
    if view and view.live[side]:
        return f"({view.live[side]}) AS {ALIAS}"
    return f"{relation} AS {ALIAS}"


def _values(model: Model, relation: str, side: int) -> list[str]:
    names = model.renamed.get(relation, {}) if side else {}
    columns = columns_of(model, relation)
    return [
        as_same_type(f"{ALIAS}.{names.get(name, name)}", types, side) for name, *types in columns
    ]


def as_same_type(value: str, types: Sequence[str], side: int) -> str:
    """An SQL expression, cast so that values of the types of both sides can be compared."""
    if types[0] == types[1]:
        return value
    if all(NUMBER.match(each) for each in types):
        return f"trim_scale({value}::numeric)"
    if all(TIMESTAMP.match(each) for each in types) and "with time zone" in types[side]:
        return f"({value} AT TIME ZONE 'UTC')"
    return value
