"""Write SQL that calls a function and returns its result in a form that can be compared."""

from __future__ import annotations

from typing import Final

from pytest_schema_parity.behavior.statements.generated_statement import GeneratedStatement
from pytest_schema_parity.behavior.statements.model import Model, Routine, Type
from pytest_schema_parity.behavior.statements.read_sql import as_same_type
from pytest_schema_parity.behavior.statements.renamed_columns import Renamed

RETURNING: Final = "SELECT /*r*/ "
"""The beginning of a call whose result is compared; see ``runner.sql``."""
IN_ORDER: Final = "SELECT /*o*/ "
"""The beginning of a call whose rows are compared in their order."""
NUMBERS: Final = frozenset(
    {"oid", "xid", "xid8", "cid", "tid", "pg_lsn", "pg_snapshot", "txid_snapshot"}
)
"""Types of numbers that the server assigns: they differ between databases."""
JSON: Final = frozenset({"json", "jsonb"})


def call_as_read(routine: Routine, call: GeneratedStatement, side: int, model: Model) -> str:
    """The SQL of a call on a side: that of a function returns its result, comparable.

    The function is called once, even if columns of its result are read.
    """
    if not call.sql.startswith("SELECT "):
        return call.sql
    value = comparable("returned", routine.returns, side, model.renamed)
    select = IN_ORDER if routine.is_ordered else RETURNING
    if value == "returned":
        return call.sql.replace("SELECT ", select, 1)
    return f"{select}{value} FROM ({call.sql} AS returned OFFSET 0) AS called"


def comparable(
    value: str, types: tuple[Type, Type], side: int, renamed: Renamed, depth: int = 0
) -> str:
    """An SQL expression for a ``value`` of these types on a side, comparable to the other side's.

    A row has the columns that both types have, in the reference's order and, if ``renamed``, under
    the candidate's own names; JSON is cast to jsonb, which sorts its keys.  A number that the
    server assigns is compared only in whether it is NULL.
    """
    one, other = types
    if one.name in NUMBERS and other.name in NUMBERS:
        return f"CASE WHEN {value} IS NOT NULL THEN '…' END"
    if one.kind == other.kind == "c":
        names = renamed.get(one.name, {}) if side else {}
        fields = {
            name: (kind, other.fields[other.field_names.index(name)])
            for name, kind in zip(one.field_names, one.fields, strict=True)
            if name in other.field_names
        }
        values = [
            comparable(f"({value}).{names.get(name, name)}", kinds, side, renamed, depth)
            for name, kinds in fields.items()
        ]
        return f"CASE WHEN {value} IS DISTINCT FROM NULL THEN ROW({', '.join(values)}) END"
    if one.element and other.element:
        each = f"each{depth}"
        inner = comparable(each, (one.element, other.element), side, renamed, depth + 1)
        if inner == each:
            return value
        elements = f"SELECT ({inner})::text FROM unnest({value}) AS {each}"  # noqa: S608
        return f"CASE WHEN {value} IS NOT NULL THEN ARRAY({elements}) END"
    if one.name in JSON and other.name in JSON:
        return f"({value})::jsonb"
    return as_same_type(value, (one.name, other.name), side)
