"""A cheap proof that nothing was changed: no row of any table or catalog was written anew."""

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

    If that of a database is the same later, or that of a copy, every fact and row is the same: what
    is written later has a greater ``xmin``, so no change leaves both the count and the sum as they
    were.  Values of sequences are not in it, nor settings and comments of the database itself.
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
