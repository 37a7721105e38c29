"""Compare the rows of two states of a database by primary key, value by value.

Each row is read as one digest. Only where digests differ the values are read, from both states.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

import psycopg
from psycopg import IsolationLevel, sql

from pytest_schema_parity.postgres.conninfo import open_connection

Change: TypeAlias = Literal[
    "table missing",
    "table added",
    "column missing",
    "column added",
    "row missing",
    "row added",
    "value changed",
]

SHOWN: Final = 20
"""How many changed rows of a table are read with their values; of others only the keys."""

PINNED: Final = (
    "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, MDY'; SET IntervalStyle = 'postgres';"
    " SET extra_float_digits = 1; SET bytea_output = 'hex'; SET search_path = pg_catalog;"
    " SET row_security = off; SET statement_timeout = 0"
)
"""The settings for reading: formats of values; and an error where RLS would hide a row."""

_TABLES: Final = """
SELECT n.nspname, c.relname, format('%I.%I', n.nspname, c.relname), c.relkind = 'p', (
    SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute AS a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
), (
    SELECT array_agg(quote_ident(a.attname) ORDER BY a.attnum) FROM pg_attribute AS a
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
ORDER BY 1, 2
"""

Key: TypeAlias = tuple[str | None, ...]
Connection: TypeAlias = psycopg.Connection[Any]


@dataclass(frozen=True, slots=True)
class DataChange:
    """A row or a value that differs between two states of a database.

    ``key`` are the columns of the primary key with their values as text; of a table without one,
    all columns. ``table`` and ``name``, of the column or the table, are qualified and quoted where
    SQL requires it. ``before`` and ``after`` are a column's values as text, None for NULL; they are
    not read where ``column`` is None.
    """

    table: str
    change: Change
    key: Mapping[str, str | None] | None = None
    column: str | None = None
    before: str | None = None
    after: str | None = None
    count: int = 1
    name: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class _Table:
    name: tuple[str, str]
    shown: str
    partitioned: bool
    columns: tuple[str, ...]
    quoted: tuple[str, ...]
    key: tuple[str, ...]

    @property
    def source(self) -> sql.Composable:
        """The FROM item, with ONLY: tables that inherit from it are compared by themselves."""
        table = sql.Identifier(*self.name)
        return table if self.partitioned else sql.SQL("ONLY {}").format(table)

    def lost(self, change: Change, column: str | None = None) -> DataChange:
        """A change of the whole table, or of a whole column."""
        return DataChange(self.shown, change, column=column, name=self.name_of(column))

    def name_of(self, column: str | None) -> str:
        """The qualified name of the table, or of a column of it."""
        if column is None:
            return self.shown
        return f"{self.shown}.{self.quoted[self.columns.index(column)]}"


def compare_data(before: str, after: str, *, exact: bool = False) -> Iterator[DataChange]:
    """Compare the tables of two databases, given by their conninfos.

    Every row and value of ``before`` must be in ``after``; with ``exact`` and nothing else.
    Each database is read in one snapshot. Raises psycopg.Error where one cannot be read.
    """
    with closing(_open(before)) as old, closing(_open(after)) as new:
        olds, news = _tables(old), _tables(new)
        for name, table in olds.items():
            if name not in news:
                yield table.lost("table missing")
                continue
            now = news[name]
            for column in table.columns:
                if column not in now.columns:
                    yield table.lost("column missing", column)
            for column in now.columns if exact else ():
                if column not in table.columns:
                    yield now.lost("column added", column)
            yield from _compare_table(old, new, table, now, exact=exact)
        for name in news.keys() - olds.keys() if exact else ():
            yield news[name].lost("table added")


def _open(conninfo: str) -> Connection:
    connection = open_connection(conninfo)
    try:
        connection.execute(PINNED)
        connection.autocommit = False
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.read_only = True
    except BaseException:
        connection.close()
        raise
    return connection


def _tables(connection: Connection) -> dict[tuple[str, str], _Table]:
    found = connection.execute(_TABLES.encode()).fetchall()
    return {
        (schema, name): _Table(
            (schema, name),
            shown,
            partitioned,
            tuple(columns or ()),
            tuple(quoted or ()),
            tuple(key or ()),
        )
        for schema, name, shown, partitioned, columns, quoted, key in found
    }


def _compare_table(
    old: Connection, new: Connection, before: _Table, after: _Table, *, exact: bool
) -> Iterator[DataChange]:
    """Compare the rows of a table in the columns that both states have."""
    columns = [column for column in before.columns if column in after.columns]
    if not before.key or not set(before.key) <= set(columns):
        yield from _compare_bags(old, new, before, after, columns, exact=exact)
        return
    key, shown = before.key, before.shown
    olds, news = _digests(old, before, key, columns), _digests(new, after, key, columns)
    values_shown = 0
    for identity, digest in olds.items():
        named = dict(zip(key, identity, strict=True))
        if identity not in news:
            yield DataChange(shown, "row missing", named, name=shown)
        elif news[identity] != digest:
            values_shown += 1
            if values_shown > SHOWN:
                yield DataChange(shown, "value changed", named, name=shown)
                continue
            was = _values(old, before, key, identity, columns)
            now = _values(new, after, key, identity, columns)
            for column, value, other in zip(columns, was, now, strict=True):
                if value != other:
                    name = before.name_of(column)
                    yield DataChange(shown, "value changed", named, column, value, other, name=name)
    if exact:
        for identity in news.keys() - olds.keys():
            yield DataChange(shown, "row added", dict(zip(key, identity, strict=True)), name=shown)


def _compare_bags(
    old: Connection,
    new: Connection,
    before: _Table,
    after: _Table,
    columns: Sequence[str],
    *,
    exact: bool,
) -> Iterator[DataChange]:
    """Compare the rows of a table without a primary key by counting equal rows."""
    shown = before.shown
    olds, news = _bag(old, before, columns), _bag(new, after, columns)
    for row, count in (olds - news).items():
        named = dict(zip(columns, row, strict=True))
        yield DataChange(shown, "row missing", named, count=count, name=shown)
    if exact:
        for row, count in (news - olds).items():
            named = dict(zip(columns, row, strict=True))
            yield DataChange(shown, "row added", named, count=count, name=shown)


def _texts(columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(c)) for c in columns)


def _digests(
    connection: Connection, table: _Table, key: Sequence[str], columns: Sequence[str]
) -> dict[Key, str]:
    query = sql.SQL("SELECT pg_catalog.md5(ROW({})::text), {} FROM {}").format(
        _texts(columns), _texts(key), table.source
    )
    return {tuple(identity): digest for digest, *identity in connection.execute(query)}


def _bag(connection: Connection, table: _Table, columns: Sequence[str]) -> Counter[Key]:
    query = sql.SQL("SELECT {} FROM {}").format(_texts(columns), table.source)
    return Counter(connection.execute(query))


def _values(
    connection: Connection,
    table: _Table,
    key: Sequence[str],
    identity: Key,
    columns: Sequence[str],
) -> Key:
    query = sql.SQL("SELECT {} FROM {} WHERE ROW({}) = ROW({})").format(
        _texts(columns),
        table.source,
        _texts(key),
        sql.SQL(", ").join(sql.SQL("{}::text").format(value) for value in identity),
    )
    row: Key | None = connection.execute(query).fetchone()
    if row is None:
        raise LookupError(f"{table.name} has no row {identity} in the snapshot that had it")
    return row
