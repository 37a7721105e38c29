"""Read the tables of a database and their columns, for comparing rows in one snapshot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import psycopg
from psycopg import IsolationLevel, sql

from pytest_schema_parity.postgres.conninfo import open_connection

READ_SETTINGS: Final = (
    "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, MDY'; SET IntervalStyle = 'postgres';"
    " SET extra_float_digits = 1; SET bytea_output = 'hex'; SET search_path = pg_catalog;"
    " SET row_security = off; SET statement_timeout = 0"
)
"""The settings for reading: formats of values, and an error if RLS would hide a row."""

_TABLES: Final = """
SELECT
    c.oid::bigint, n.nspname, c.relname, format('%I.%I', n.nspname, c.relname), c.relkind = 'p', (
    SELECT array_agg(a.attnum::int ORDER BY a.attnum) FROM pg_attribute AS a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
), (
    SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute AS a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
), (
    SELECT array_agg(quote_ident(a.attname) ORDER BY a.attnum) FROM pg_attribute AS a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
), (
    SELECT array_agg(format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum) FROM pg_attribute AS a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
), (
    SELECT array_agg(a.attname::text ORDER BY k.position)
    FROM pg_index AS i
    CROSS JOIN unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, position)
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = k.attnum
    WHERE i.indrelid = c.oid AND i.indisprimary AND k.position <= i.indnkeyatts
)
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p')
    AND NOT c.relispartition
    AND c.relpersistence <> 't'
    AND n.nspname <> 'information_schema'
    AND n.nspname NOT LIKE 'pg\\_%'
    AND NOT EXISTS (
        SELECT FROM pg_depend AS d
        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
    )
ORDER BY 2, 3
"""


@dataclass(frozen=True, slots=True)
class StoredTable:
    """A table: ``name`` is its schema and its own name, ``shown`` both as SQL writes them.

    ``columns`` have the names ``quoted`` in SQL, and ``numbers`` that copies of a database keep, as
    they keep the ``oid``.  ``types`` are theirs, and ``key`` are the columns of the primary key.
    """

    oid: int
    name: tuple[str, str]
    shown: str
    partitioned: bool
    numbers: tuple[int, ...]
    columns: tuple[str, ...]
    quoted: tuple[str, ...]
    types: tuple[str, ...]
    key: tuple[str, ...]

    @property
    def source(self) -> sql.Composable:
        """The FROM item, with ONLY: tables that inherit from it are compared by themselves."""
        table = sql.Identifier(*self.name)
        return table if self.partitioned else sql.SQL("ONLY {}").format(table)

    def type_of(self, column: str) -> str:
        """The type of a column, with its modifiers."""
        return self.types[self.columns.index(column)]

    def name_of(self, column: str | None) -> str:
        """The qualified name of the table, or of a column of it."""
        if column is None:
            return self.shown
        return f"{self.shown}.{self.quoted[self.columns.index(column)]}"


def open_snapshot(conninfo: str) -> psycopg.Connection:
    """Connect for reading in one snapshot.  Raises psycopg.Error."""
    connection = open_connection(conninfo)
    try:
        connection.execute(READ_SETTINGS)
        connection.autocommit = False
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.read_only = True
    except BaseException:
        connection.close()
        raise
    return connection


def read_tables(connection: psycopg.Connection) -> dict[str, StoredTable]:
    """The tables by their qualified names, quoted where SQL requires it."""
    found = connection.execute(_TABLES.encode()).fetchall()
    return {
        shown: StoredTable(
            oid,
            (schema, name),
            shown,
            partitioned,
            tuple(numbers or ()),
            tuple(columns or ()),
            tuple(quoted or ()),
            tuple(types or ()),
            tuple(key or ()),
        )
        for oid, schema, name, shown, partitioned, numbers, columns, quoted, types, key in found
    }
