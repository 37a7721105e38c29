"""Pair each table in two states of a database, and find those whose rows differ."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import psycopg
from psycopg import sql

from pytest_schema_parity.rehearsal.tables import StoredTable

TABLES_PER_QUERY: Final = 50
"""How many tables' digests are read in one query."""

EXACT_NUMBER: Final = re.compile(r"(smallint|integer|bigint|numeric)(\([^)]*\))?")
"""Types of which one number has several texts: 1.0000 is 1.00, and the bigint 1."""

RowKey: TypeAlias = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class TableState:
    """A table in one state; ``columns`` are read, those in ``as_numbers`` as numbers."""

    connection: psycopg.Connection
    table: StoredTable
    columns: Sequence[str]
    as_numbers: frozenset[str] = frozenset()

    def digest_query(self, given: int) -> sql.Composed:
        """The query for the number ``given``, and one digest of all rows in any order."""
        return sql.SQL(
            "SELECT {}, md5(string_agg(r.digest, '' ORDER BY r.digest))"
            " FROM (SELECT pg_catalog.md5(ROW({})::text) AS digest FROM {}) AS r"
        ).format(sql.Literal(given), self._texts(self.columns), self.table.source)

    def digest(self) -> str | None:
        """One digest of all rows in any order; None if there are none."""
        return _read_digests([self])[0]

    def digests(self, key: Sequence[str]) -> dict[RowKey, str]:
        """The digest of each row, by its key."""
        query = sql.SQL("SELECT pg_catalog.md5(ROW({})::text), {} FROM {}").format(
            self._texts(self.columns), self._texts(key), self.table.source
        )
        return {tuple(identity): digest for digest, *identity in self.connection.execute(query)}

    def row_counts(self) -> Counter[RowKey]:
        """The rows, with how often each occurs."""
        query = sql.SQL("SELECT {} FROM {}").format(self._texts(self.columns), self.table.source)
        return Counter(self.connection.execute(query))

    def values(self, key: Sequence[str], identity: RowKey) -> RowKey:
        """The values of a row as texts, given its key.  Raises LookupError if it is not there."""
        query = sql.SQL("SELECT {} FROM {} WHERE ROW({}) = ROW({})").format(
            self._texts(self.columns),
            self.table.source,
            self._texts(key),
            sql.SQL(", ").join(sql.SQL("{}::text").format(value) for value in identity),
        )
        row: RowKey | None = self.connection.execute(query).fetchone()
        if row is None:
            raise LookupError(f"{self.table.name} has no row {identity} in this snapshot")
        return row

    def _texts(self, columns: Sequence[str]) -> sql.Composed:
        number, text = sql.SQL("trim_scale({}::numeric)::text"), sql.SQL("{}::text")
        return sql.SQL(", ").join(
            (number if each in self.as_numbers else text).format(sql.Identifier(each))
            for each in columns
        )


@dataclass(frozen=True, slots=True)
class TablePair:
    """A table in both states, with the same columns in the same order."""

    before: TableState
    after: TableState

    def later(self, columns: Sequence[str]) -> list[str]:
        """The later names of columns."""
        names = dict(zip(self.before.columns, self.after.columns, strict=True))
        return [names[column] for column in columns]


def pair_tables(
    before: tuple[psycopg.Connection, StoredTable],
    after: tuple[psycopg.Connection, StoredTable],
    columns: Mapping[str, str],
) -> TablePair:
    """Pair a table in both states; ``columns`` maps those that both have to their later names.

    Where the type of a column is another one, and both are of exact numbers, these are compared.
    """
    numbers = {
        column: later
        for column, later in columns.items()
        if before[1].type_of(column) != after[1].type_of(later)
        and EXACT_NUMBER.fullmatch(before[1].type_of(column))
        and EXACT_NUMBER.fullmatch(after[1].type_of(later))
    }
    return TablePair(
        TableState(*before, tuple(columns), frozenset(numbers)),
        TableState(*after, tuple(columns.values()), frozenset(numbers.values())),
    )


def differing_pairs(pairs: Sequence[TablePair]) -> dict[str, TablePair]:
    """The tables, by their earlier names, whose rows differ in the columns of both states."""
    found = {}
    for start in range(0, len(pairs), TABLES_PER_QUERY):
        some = pairs[start : start + TABLES_PER_QUERY]
        olds = _read_digests([pair.before for pair in some])
        news = _read_digests([pair.after for pair in some])
        found.update({p.before.table.shown: p for n, p in enumerate(some) if olds[n] != news[n]})
    return found


def _read_digests(states: Sequence[TableState]) -> dict[int, str | None]:
    """The digests of all rows of tables in one state, by the numbers of the tables."""
    queries = [state.digest_query(number) for number, state in enumerate(states)]
    found = states[0].connection.execute(sql.SQL(" UNION ALL ").join(queries))
    return dict(found.fetchall())
