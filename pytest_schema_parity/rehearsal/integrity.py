"""Check rules for the rows of any database: foreign keys, and sequences ahead of columns."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from typing import Final

from psycopg import sql

from pytest_schema_parity.postgres.conninfo import open_connection

_FOREIGN_KEYS: Final = """
SELECT
    quote_ident(k.conname), n.nspname, t.relname, format('%I.%I', n.nspname, t.relname),
    t.relkind = 'p', fn.nspname, ft.relname, (
    SELECT array_agg(a.attname::text ORDER BY c.position)
    FROM unnest(k.conkey) WITH ORDINALITY AS c (attnum, position)
    JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = c.attnum
), (
    SELECT array_agg(a.attname::text ORDER BY c.position)
    FROM unnest(k.confkey) WITH ORDINALITY AS c (attnum, position)
    JOIN pg_attribute AS a ON a.attrelid = k.confrelid AND a.attnum = c.attnum
)
FROM pg_constraint AS k
JOIN pg_class AS t ON t.oid = k.conrelid
JOIN pg_namespace AS n ON n.oid = t.relnamespace
JOIN pg_class AS ft ON ft.oid = k.confrelid
JOIN pg_namespace AS fn ON fn.oid = ft.relnamespace
WHERE k.contype = 'f' AND k.conparentid = 0
ORDER BY 2, 3, 1
"""
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


def broken_foreign_keys(conninfo: str) -> list[BrokenKey]:
    """The foreign keys of a database that rows violate, also those NOT VALID or NOT ENFORCED."""
    found = []
    with closing(open_connection(conninfo)) as connection:
        connection.execute("SET row_security = off; SET search_path = pg_catalog")
        keys = connection.execute(_FOREIGN_KEYS.encode()).fetchall()
        for name, schema, table, shown, partitioned, other_schema, other, columns, others in keys:
            source = sql.Identifier(schema, table)
            query = sql.SQL(
                "SELECT count(*) FROM {} AS t WHERE {}"
                " AND NOT EXISTS (SELECT FROM {} AS o WHERE {})"
            ).format(
                source if partitioned else sql.SQL("ONLY {}").format(source),
                _all(sql.SQL("t.{} IS NOT NULL").format(sql.Identifier(c)) for c in columns),
                sql.Identifier(other_schema, other),
                _all(
                    sql.SQL("o.{} = t.{}").format(sql.Identifier(there), sql.Identifier(here))
                    for here, there in zip(columns, others, strict=True)
                ),
            )
            row = connection.execute(query).fetchone()
            if row and row[0]:
                found.append(BrokenKey(shown, name, row[0]))
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


def _all(conditions: Iterable[sql.Composable]) -> sql.Composed:
    return sql.SQL(" AND ").join(conditions)
