"""Create, clone and drop databases on a host."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

import psycopg
from psycopg import sql

from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.postgres.address import connect
from pytest_schema_parity.postgres.host import Host

COPY_SETTINGS: Final = """
SET allow_system_table_mods = on;
INSERT INTO pg_catalog.pg_db_role_setting
SELECT copy.oid, setting.setrole, setting.setconfig
FROM pg_catalog.pg_db_role_setting AS setting
JOIN pg_catalog.pg_database AS source ON source.oid = setting.setdatabase
JOIN pg_catalog.pg_database AS copy ON copy.datname = {copy}
WHERE source.datname = {source};
UPDATE pg_catalog.pg_database AS copy
SET datdba = source.datdba, datacl = source.datacl, datconnlimit = source.datconnlimit
FROM pg_catalog.pg_database AS source
WHERE copy.datname = {copy} AND source.datname = {source} AND source.datname <> 'template0'
"""
"""Copies what CREATE DATABASE does not copy: a database's owner, privileges and connection limit,
and its settings (ALTER DATABASE SET, ALTER ROLE IN DATABASE SET)."""
DISCONNECT_TIMEOUT: Final = 0.5
"""Seconds to wait until a connection that was just closed is gone from pg_stat_activity."""


def create_database(host: Host, name: str) -> str:
    """Create an empty database; returns its connection string.  Raises ServerError."""
    return clone_database(host, "template0", name)


def clone_database(host: Host, source: str, name: str, *, closed: bool = False) -> str:
    """Create the database ``name`` as a copy of ``source``; returns its connection string.

    A ``closed`` copy allows no connections, so that it can itself be copied at any time.
    Raises ServerError, also if a client is connected to ``source``: no client is disconnected.
    """
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY {} {}").format(
        sql.Identifier(name),
        sql.Identifier(source),
        sql.SQL(host.strategy),
        sql.SQL("ALLOW_CONNECTIONS false" if closed else ""),
    )
    settings = sql.SQL(COPY_SETTINGS).format(copy=sql.Literal(name), source=sql.Literal(source))
    failure = f"The database {source} cannot be copied to {name}"
    _execute(host, [statement, *_comment_statements(host, name), settings], failure, source)
    return host.conninfo(name)


def drop_database(host: Host, name: str, *, force: bool = False) -> None:
    """Drop a database if it exists; raises ServerError.

    That happens if a client is connected, unless ``force`` ends the connections.
    """
    how = sql.SQL("WITH (FORCE)" if force else "")
    statement = sql.SQL("DROP DATABASE IF EXISTS {} {}").format(sql.Identifier(name), how)
    failure = f"The database {name} cannot be dropped"
    _execute(host, [statement], failure, None if force else name)


def _comment_statements(host: Host, name: str) -> list[sql.Composed]:
    """The COMMENT ON DATABASE that marks a database as ours; none if the host needs no mark."""
    if host.mark is None:
        return []
    return [sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), host.mark)]


def _execute(
    host: Host, statements: Sequence[sql.Composed], failure: str, idle: str | None
) -> None:
    """Execute statements, once no client is connected to the database ``idle``."""
    conninfo = host.maintenance_conninfo(host.maintenance_database)
    try:
        with connect(conninfo) as connection:
            if idle is not None and (clients := _connected_clients(connection, idle)):
                raise ServerError(f"{failure} while a client is connected to it: {clients}.")
            for statement in statements:
                connection.execute(statement)
    except psycopg.Error as error:
        raise ServerError(f"{failure}: {error}") from error


def _connected_clients(connection: psycopg.Connection, database: str) -> str:
    """The other clients of a database, in words; empty as soon as there are none.

    PostgreSQL itself would wait for them 5 seconds, and its error does not name them.
    """
    deadline = time.monotonic() + DISCONNECT_TIMEOUT
    while True:
        clients = connection.execute(
            "SELECT coalesce(nullif(application_name, ''), usename), pid, state"
            " FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
            (database,),
        ).fetchall()
        if not clients or time.monotonic() > deadline:
            return ", ".join(f"{name} (process {pid}, {state})" for name, pid, state in clients)
        time.sleep(0.01)
