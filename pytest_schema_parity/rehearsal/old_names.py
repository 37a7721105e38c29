"""Check that a view with the old name of a renamed table returns the same rows."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import Final

import psycopg

from pytest_schema_parity.rehearsal.data import later_columns
from pytest_schema_parity.rehearsal.rehearse import Rehearsal
from pytest_schema_parity.rehearsal.table_pairs import pair_tables
from pytest_schema_parity.rehearsal.tables import StoredTable, open_snapshot, read_tables

NO_VIEW: Final = "readers of the old name fail"
_COLUMNS: Final = """
SELECT
    array_agg(a.attname::text ORDER BY a.attnum),
    array_agg(quote_ident(a.attname) ORDER BY a.attnum),
    array_agg(format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum)
FROM pg_class AS c
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.oid = to_regclass(%s) AND c.relkind IN ('v', 'm')
"""


def effect_of_rename(rehearsal: Rehearsal, name: str) -> str | None:
    """What readers of a renamed table's old name get after the last step; None if the same rows.

    ``name`` is the table's before the first step, qualified and quoted where SQL requires it.  A
    view gives the same if it has the old columns, and in these, as far as the table still has them,
    the rows and values that the table has now.  It is read by the role that carries the steps out,
    as it may call functions that they make.
    """
    first, last = rehearsal.stages[0], rehearsal.stages[-1]
    with (
        closing(open_snapshot(rehearsal.reading(first))) as before,
        closing(open_snapshot(rehearsal.reading(last))) as after,
        closing(open_snapshot(rehearsal.conninfo_of(last))) as reader,
    ):
        table = read_tables(before)[name]
        view = _view(after, table)
        if view is None:
            return NO_VIEW
        if missing := [column for column in table.columns if column not in view.columns]:
            return f"the view of the old name has no column {missing[0]}"
        same = (each for each in read_tables(after).values() if each.oid == table.oid)
        if (now := next(same, None)) is None:
            return "the table was dropped; the view of the old name shows something else"
        if (seconds := rehearsal.statement_timeout) is not None:
            reader.execute(f"SET statement_timeout = {round(seconds * 1000)}".encode())
        return _effect((after, now), (reader, view), later_columns(table, now, follow=True))


def _view(session: psycopg.Connection, table: StoredTable) -> StoredTable | None:
    """The view with the name of a table, if there is one, as a table with its columns."""
    row = session.execute(_COLUMNS, (table.shown,)).fetchone()
    if row is None or row[0] is None:
        return None
    columns, quoted, types = map(tuple, row)
    return replace(
        table, columns=columns, quoted=quoted, types=types, numbers=(), key=(), partitioned=True
    )


def _effect(
    renamed: tuple[psycopg.Connection, StoredTable],
    view: tuple[psycopg.Connection, StoredTable],
    columns: dict[str, str | None],
) -> str | None:
    """How the rows of a view differ from those of a table; ``columns`` are its new names."""
    kept = {old: new for old, new in columns.items() if new is not None}
    pair = pair_tables(view, renamed, kept)
    expected = pair.after.digest()
    try:
        found = pair.before.digest()
    except psycopg.Error as error:
        return f"the view of the old name cannot be read: {error.diag.message_primary or error}"
    return None if found == expected else "the view of the old name has other rows or values"
