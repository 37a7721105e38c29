"""Check rules for the rows of any database: foreign keys, and sequences ahead of columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Final

from psycopg import sql

from pytest_schema_parity.postgres.conninfo import open_connection

_FOREIGN_KEYS: Final = """
SELECT
    quote_ident(k.conname),
    format('%I.%I', n.nspname, t.relname),
    format('%s%I.%I', CASE WHEN t.relkind = 'p' THEN '' ELSE 'ONLY ' END, n.nspname, t.relname),
    format('%s%I.%I', CASE WHEN ft.relkind = 'p' THEN '' ELSE 'ONLY ' END, fn.nspname, ft.relname),
    k.confmatchtype = 'f',
    coalesce((to_jsonb(k) ->> 'conperiod')::boolean, false), -- since 18
    (
        SELECT array_agg(quote_ident(a.attname) ORDER BY c.position)
        FROM unnest(k.conkey) WITH ORDINALITY AS c (attnum, position)
        JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = c.attnum
    ),
    (
        SELECT array_agg(quote_ident(a.attname) ORDER BY c.position)
        FROM unnest(k.confkey) WITH ORDINALITY AS c (attnum, position)
        JOIN pg_attribute AS a ON a.attrelid = k.confrelid AND a.attnum = c.attnum
    ),
    (
        SELECT array_agg(format('OPERATOR(%I.%s)', s.nspname, o.oprname) ORDER BY c.position)
        FROM unnest(k.conpfeqop) WITH ORDINALITY AS c (id, position)
        JOIN pg_operator AS o ON o.oid = c.id
        JOIN pg_namespace AS s ON s.oid = o.oprnamespace
    )
FROM pg_constraint AS k
JOIN pg_class AS t ON t.oid = k.conrelid
JOIN pg_namespace AS n ON n.oid = t.relnamespace
JOIN pg_class AS ft ON ft.oid = k.confrelid
JOIN pg_namespace AS fn ON fn.oid = ft.relnamespace
WHERE k.contype = 'f' AND k.conparentid = 0
ORDER BY 2, 1
"""
"""Foreign keys, with the operators that the server itself compares their columns with."""
_SEQUENCES: Final = """
SELECT
    sn.nspname, s.relname, n.nspname, t.relname, a.attname, q.seqincrement > 0,
    format('%I.%I', sn.nspname, s.relname), format('%I.%I', n.nspname, t.relname)
FROM pg_depend AS d
JOIN pg_class AS s ON s.oid = d.objid AND s.relkind = 'S'
JOIN pg_namespace AS sn ON sn.oid = s.relnamespace
JOIN pg_sequence AS q ON q.seqrelid = s.oid
JOIN pg_class AS t ON t.oid = d.refobjid
JOIN pg_namespace AS n ON n.oid = t.relnamespace
JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
WHERE d.classid = 'pg_class'::regclass
    AND d.refclassid = 'pg_class'::regclass
    AND d.deptype IN ('a', 'i')
    AND d.refobjsubid > 0
ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class BrokenKey:
    """A foreign key that some rows violate."""

    table: str
    constraint: str
    rows: int


@dataclass(frozen=True, slots=True)
class SequenceBehind:
    """A sequence whose next value already is in its column, or is behind it."""

    sequence: str
    table: str
    column: str
    next_value: int
    farthest: int


@dataclass(frozen=True, slots=True)
class _ForeignKey:
    """A foreign key; names are quoted, and qualified where they are not those of columns.

    ``full`` is MATCH FULL; the last column of one with a ``period`` is a range.
    """

    name: str
    shown: str
    table: str
    referenced: str
    full: bool
    period: bool
    columns: Sequence[str]
    others: Sequence[str]
    operators: Sequence[str]

    def count_broken(self) -> str:
        """The query for how many rows break it."""
        are_there = [f"t.{column} IS NOT NULL" for column in self.columns]
        concerned = (" OR " if self.full else " AND ").join(are_there)
        # All names were quoted by the server.
        source = f"SELECT count(*) FROM {self.table} AS t WHERE ({concerned}) AND NOT "  # noqa: S608
        pairs = zip(self.columns, self.operators, self.others, strict=True)
        equal = [f"o.{other} {operator} t.{column}" for column, operator, other in pairs]
        if not self.period:
            return f"{source} EXISTS (SELECT FROM {self.referenced} AS o WHERE {_and(equal)})"
        column, other = self.columns[-1], self.others[-1]
        covered = f"range_agg(o.{other}) @> t.{column}"
        rows = f"FROM {self.referenced} AS o WHERE {_and(equal[:-1])}"
        return f"{source} coalesce((SELECT {covered} {rows}), false)"


def broken_foreign_keys(conninfo: str) -> list[BrokenKey]:
    """The foreign keys of a database that rows violate, also those NOT VALID or NOT ENFORCED."""
    found = []
    with closing(open_connection(conninfo)) as connection:
        connection.execute("SET row_security = off; SET search_path = pg_catalog")
        keys = connection.execute(_FOREIGN_KEYS.encode()).fetchall()
        for key in (_ForeignKey(*each) for each in keys):
            row = connection.execute(key.count_broken().encode()).fetchone()
            if row and row[0]:
                found.append(BrokenKey(key.shown, key.name, row[0]))
    return found


def sequences_behind(conninfo: str) -> list[SequenceBehind]:
    """The sequences of columns whose next value is already in use."""
    found = []
    with closing(open_connection(conninfo)) as connection:
        connection.execute("SET row_security = off; SET search_path = pg_catalog")
        owned = connection.execute(_SEQUENCES.encode()).fetchall()
        for schema, sequence, table_schema, table, column, ascending, name, shown in owned:
            query = sql.SQL(
                "SELECT s.last_value + CASE WHEN s.is_called THEN q.seqincrement ELSE 0 END,"
                " (SELECT {}({}) FROM {}) FROM {} AS s, pg_sequence AS q"
                " WHERE q.seqrelid = {}::regclass"
            ).format(
                sql.SQL("max" if ascending else "min"),
                sql.Identifier(column),
                sql.Identifier(table_schema, table),
                sql.Identifier(schema, sequence),
                sql.Identifier(schema, sequence).as_string(connection),
            )
            row = connection.execute(query).fetchone()
            if row is None or row[1] is None:
                continue
            following, farthest = row
            if (following <= farthest) if ascending else (following >= farthest):
                found.append(
                    SequenceBehind(
                        name,
                        shown,
                        column,
                        following,
                        farthest,
                    )
                )
    return found


def move_sequences(reading: str, superuser: str) -> None:
    """Move each sequence of a column that is behind it to the column's last value.

    ``reading`` is the conninfo of the role that reads all rows, ``superuser`` one that the settings
    of the tree do not apply to.
    """
    behind = sequences_behind(reading)
    with closing(open_connection(superuser)) as connection:
        for each in behind:
            connection.execute("SELECT pg_catalog.setval(%s, %s)", [each.sequence, each.farthest])


def _and(conditions: Iterable[str]) -> str:
    return " AND ".join(conditions)
