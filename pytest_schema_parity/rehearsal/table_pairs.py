"""A table in two states of a database, and which tables have other rows in the later one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import psycopg

from pytest_schema_parity.rehearsal.tables import StoredTable

TOGETHER: Final = 50
"""Of so many tables the digests are read in one query."""


@dataclass(frozen=True, slots=True)
class TablePair:
    """A table in both states; ``columns`` maps those that both have to their later names."""

    old: psycopg.Connection
    new: psycopg.Connection
    before: StoredTable
    after: StoredTable
    columns: Mapping[str, str]

    def later(self, columns: Sequence[str]) -> list[str]:
        """The later names of columns."""
        return [self.columns[column] for column in columns]

    def queries(self, number: int) -> tuple[str, str]:
        """The queries for the digests of all rows before and after, given a number."""
        columns = [*self.columns]
        return (
            self.before.digest_query(columns, number),
            self.after.digest_query(self.later(columns), number),
        )


def differing_pairs(pairs: Sequence[TablePair]) -> dict[str, TablePair]:
    """The tables, by their earlier names, whose rows differ in the columns of both states."""
    found = {}
    for start in range(0, len(pairs), TOGETHER):
        some = pairs[start : start + TOGETHER]
        before, after = zip(*(pair.queries(n) for n, pair in enumerate(some)), strict=True)
        olds, news = _numbered(some[0].old, before), _numbered(some[0].new, after)
        found.update({p.before.shown: p for n, p in enumerate(some) if olds[n] != news[n]})
    return found


def _numbered(connection: psycopg.Connection, queries: Sequence[str]) -> dict[int, str | None]:
    """The digests that some queries give, by their numbers."""
    return dict(connection.execute(" UNION ALL ".join(queries).encode()).fetchall())
