"""A fast proof that a database did not change: no row of a table or catalog was written."""

from __future__ import annotations

from contextlib import closing
from typing import Final, TypeAlias

import psycopg

from pytest_schema_parity.postgres.conninfo import open_connection

Fingerprint: TypeAlias = tuple[tuple[str, int, int], ...]
"""For each table, its oid as text, how many rows it has, and the sum of their ``xmin``."""

_WRITE_QUERY: Final = """
SELECT string_agg(
    format(
        'SELECT %L, count(*), coalesce(sum(xmin::text::bigint), 0)::bigint FROM ONLY %I.%I',
        c.oid, n.nspname, c.relname
    ), ' UNION ALL '
)
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm', 't')
    AND c.relpersistence <> 't'
    AND c.relispopulated
    AND (NOT c.relisshared OR c.relname IN ('pg_authid', 'pg_auth_members', 'pg_parameter_acl'))
"""
"""Writes the query that reads a fingerprint: a hundred tables, each counted on its own."""


def fingerprint(conninfo: str) -> Fingerprint:
    """The fingerprint of a database; ``conninfo`` is a superuser's.

    If a later fingerprint, or that of a copy, is equal, so is every fact and row: rows that are
    written later have a greater ``xmin``, so a change alters the count or the sum.  Values of
    sequences are not in it, nor settings and comments of the database itself.
    """
    with closing(open_connection(conninfo)) as connection:
        return read_fingerprint(connection)


def read_fingerprint(connection: psycopg.Connection) -> Fingerprint:
    """The fingerprint, read in a session of a superuser: there the second takes a third as long."""
    row = connection.execute(_WRITE_QUERY).fetchone()
    if row is None:
        raise LookupError("the query for all tables returned no row")
    query: str = row[0]
    return tuple(sorted(connection.execute(query.encode()).fetchall()))
