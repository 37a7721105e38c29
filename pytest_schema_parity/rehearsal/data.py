"""Compare the rows of two states of a database by primary key, value by value.

All rows of a table are read as one digest. Only where these differ each row is, and only where the
digests of a row differ its values are read, from both states.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from pytest_schema_parity.rehearsal.table_pairs import TablePair, differing_pairs, pair_tables
from pytest_schema_parity.rehearsal.tables import (
    StoredTable,
    open_snapshot,
    read_tables,
)

DataChangeKind: TypeAlias = Literal[
    "table missing",
    "table added",
    "table renamed",
    "column missing",
    "column added",
    "column renamed",
    "row missing",
    "row added",
    "value changed",
]

MAX_SHOWN: Final = 20
"""How many changed rows of a table are read with their values; of others only keys."""


@dataclass(frozen=True, slots=True)
class DataChange:
    """A row or a value that differs between two states of a database.

    ``key`` are the columns of the primary key with their values as text; of a table without one,
    all columns. ``table`` and ``name``, of the column or the table, are qualified and quoted where
    SQL requires it. ``before`` and ``after`` are a column's values as text, None for NULL; they are
    not read where ``column`` is None.  Of something renamed ``after`` is the new name.
    """

    table: str
    change: DataChangeKind
    key: Mapping[str, str | None] | None = None
    column: str | None = None
    before: str | None = None
    after: str | None = None
    count: int = 1
    name: str = field(default="", compare=False)


def compare_data(
    before: str,
    after: str,
    *,
    exact: bool = False,
    follow: bool = False,
    rows: bool = True,
    shown: int = MAX_SHOWN,
) -> Iterator[DataChange]:
    """Compare the tables of two databases, given by their conninfos.

    Every row and value of ``before`` must be in ``after``; with ``exact``, no others.  If one
    database is a changed copy of the other, ``follow`` finds tables and columns that have another
    name there: a copy keeps the oids of tables and the numbers of columns.  Without ``rows`` only
    tables and columns are compared.  Of ``shown`` changed rows of a table the values are read, of
    others only the keys.  Each database is read in one snapshot.  Raises psycopg.Error if one
    cannot be read.
    """
    with closing(open_snapshot(before)) as old, closing(open_snapshot(after)) as new:
        olds, news = read_tables(old), read_tables(new)
        renamed = _renamed_tables(olds, news) if follow else {}
        later = {name: news.get(name) or renamed.get(name) for name in olds}
        columns = {
            name: later_columns(olds[name], now, follow=follow)
            for name, now in later.items()
            if now is not None
        }
        tables = [
            pair_tables((old, olds[name]), (new, now), _columns_of_both(columns[name]))
            for name, now in later.items()
            if now is not None
        ]
        differing = differing_pairs(tables) if rows else {}
        for name, table in olds.items():
            now = later[name]
            if now is None:
                yield _change_of_table(table, "table missing")
                continue
            if now.shown != name:
                yield _change_of_table(table, "table renamed", after=now.shown)
            pairs = columns[name]
            for column, other in pairs.items():
                if other is None:
                    yield _change_of_table(table, "column missing", column)
                elif other != column:
                    yield _change_of_table(
                        table, "column renamed", column, after=now.name_of(other)
                    )
            for column in now.columns if exact else ():
                if column not in pairs.values():
                    yield _change_of_table(now, "column added", column)
            if name in differing:
                yield from _compare_table(differing[name], exact=exact, shown=shown)
        known = olds.keys() | {table.shown for table in renamed.values()}
        for name, table in news.items() if exact else ():
            if name not in known:
                yield _change_of_table(table, "table added")


def _renamed_tables(
    olds: Mapping[str, StoredTable], news: Mapping[str, StoredTable]
) -> dict[str, StoredTable]:
    """The tables that have another name in the later state, by the old names."""
    by_oid = {table.oid: table for name, table in news.items() if name not in olds}
    gone = (table for name, table in olds.items() if name not in news)
    return {table.shown: by_oid[table.oid] for table in gone if table.oid in by_oid}


def later_columns(table: StoredTable, now: StoredTable, *, follow: bool) -> dict[str, str | None]:
    """The name of each column of a table in the later state; None if it is not there.

    With ``follow`` a column that has another name is found by its number.
    """
    added = set(now.columns) - set(table.columns)
    by_number = {
        number: column
        for number, column in zip(now.numbers, now.columns, strict=True)
        if follow and table.oid == now.oid and column in added
    }
    return {
        column: column if column in now.columns else by_number.get(number)
        for number, column in zip(table.numbers, table.columns, strict=True)
    }


def _change_of_table(
    table: StoredTable, change: DataChangeKind, column: str | None = None, after: str | None = None
) -> DataChange:
    """A change of a whole table, or of a whole column."""
    name = table.name_of(column)
    return DataChange(table.shown, change, column=column, after=after, name=name)


def _columns_of_both(columns: Mapping[str, str | None]) -> dict[str, str]:
    return {column: other for column, other in columns.items() if other is not None}


def _compare_table(pair: TablePair, *, exact: bool, shown: int) -> Iterator[DataChange]:
    """Compare the rows of a table in the columns that both states have."""
    columns, key, table = pair.before.columns, pair.before.table.key, pair.before.table.shown
    if not key or not set(key) <= set(columns):
        yield from _compare_row_counts(pair, exact=exact)
        return
    key_later = pair.later(key)
    olds, news = pair.before.digests(key), pair.after.digests(key_later)
    values_shown = 0
    for identity, digest in olds.items():
        named = dict(zip(key, identity, strict=True))
        if identity not in news:
            yield DataChange(table, "row missing", named, name=table)
        elif news[identity] != digest:
            values_shown += 1
            if values_shown > shown:
                yield DataChange(table, "value changed", named, name=table)
                continue
            was, now = pair.before.values(key, identity), pair.after.values(key_later, identity)
            for column, value, other in zip(columns, was, now, strict=True):
                if value != other:
                    name = pair.before.table.name_of(column)
                    yield DataChange(table, "value changed", named, column, value, other, name=name)
    if exact:
        for identity in (each for each in news if each not in olds):
            yield DataChange(table, "row added", dict(zip(key, identity, strict=True)), name=table)


def _compare_row_counts(pair: TablePair, *, exact: bool) -> Iterator[DataChange]:
    """Compare the rows of a table without a primary key by counting equal rows."""
    table, columns = pair.before.table.shown, pair.before.columns
    olds, news = pair.before.row_counts(), pair.after.row_counts()
    for row, count in (olds - news).items():
        named = dict(zip(columns, row, strict=True))
        yield DataChange(table, "row missing", named, count=count, name=table)
    if exact:
        for row, count in (news - olds).items():
            named = dict(zip(columns, row, strict=True))
            yield DataChange(table, "row added", named, count=count, name=table)
