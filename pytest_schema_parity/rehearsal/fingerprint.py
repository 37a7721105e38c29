"""A fast proof that a database did not change: no row of a table or catalog was written."""

from __future__ import annotations

from contextlib import closing
from typing import Final, TypeAlias

from psycopg import sql

from pytest_schema_parity.postgres.conninfo import open_connection

Fingerprint: TypeAlias = tuple[tuple[str, int, int], ...]
"""For each table, its oid as text, how many rows it has, and the sum of their ``xmin``."""

_TABLES: Final = """
SELECT c.oid::text, n.nspname, c.relname
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm', 't')
    AND c.relpersistence <> 't'
    AND c.relispopulated
    AND (NOT c.relisshared OR c.relname IN ('pg_authid', 'pg_auth_members', 'pg_parameter_acl'))
ORDER BY c.oid
"""


def fingerprint(conninfo: str) -> Fingerprint:
    """The fingerprint of a database; ``conninfo`` is a superuser's.

    If a later fingerprint, or that of a copy, is equal, so is every fact and row: rows that are
    written later have a greater ``xmin``, so a change alters the count or the sum.  Values of
    sequences are not in it, nor settings and comments of the database itself.
    """
    with closing(open_connection(conninfo)) as connection:
        tables = connection.execute(_TABLES).fetchall()
        count = sql.SQL(
            "SELECT {}, count(*), coalesce(sum(xmin::text::bigint), 0)::bigint FROM ONLY {}"
        )
        counts = sql.SQL(" UNION ALL ").join(
            count.format(sql.Literal(oid), sql.Identifier(schema, name))
            for oid, schema, name in tables
        )
        return tuple(sorted(connection.execute(counts).fetchall()))
