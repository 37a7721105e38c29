"""Databases of a host: made, cloned in milliseconds, dropped."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

import psycopg
from psycopg import sql

from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.postgres.address import connect
from pytest_schema_parity.postgres.host import Host

SETTINGS: Final = """
SET allow_system_table_mods = on;
INSERT INTO pg_catalog.pg_db_role_setting
SELECT copy.oid, given.setrole, given.setconfig
FROM pg_catalog.pg_db_role_setting AS given
JOIN pg_catalog.pg_database AS original ON original.oid = given.setdatabase
JOIN pg_catalog.pg_database AS copy ON copy.datname = {copy}
WHERE original.datname = {original};
UPDATE pg_catalog.pg_database AS copy
SET datdba = original.datdba, datacl = original.datacl, datconnlimit = original.datconnlimit
FROM pg_catalog.pg_database AS original
WHERE copy.datname = {copy} AND original.datname = {original} AND original.datname <> 'template0'
"""
"""Whose the database is and who may do what there, and what ALTER DATABASE SET and ALTER ROLE IN
DATABASE SET said of it: CREATE DATABASE leaves that out of a copy."""
PATIENCE: Final = 0.5
"""Seconds in which a connection that was just closed must be gone from its database."""


def create_database(host: Host, name: str) -> str:
    """Make an empty database; returns its conninfo.  Raises ServerError."""
    return clone_database(host, "template0", name)


def clone_database(host: Host, source: str, name: str, *, closed: bool = False) -> str:
    """Make the database ``name`` a copy of ``source``; returns its conninfo.

    Nobody can connect to one that is ``closed``, so that it can always be copied.
    Raises ServerError, also when somebody is connected to ``source``: nobody is thrown out.
    """
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY {} {}").format(
        sql.Identifier(name),
        sql.Identifier(source),
        sql.SQL(host.strategy),
        sql.SQL("ALLOW_CONNECTIONS false" if closed else ""),
    )
    settings = sql.SQL(SETTINGS).format(copy=sql.Literal(name), original=sql.Literal(source))
    failure = f"The database {source} cannot be copied to {name}"
    _execute(host, [statement, *_marking(host, name), settings], failure, source)
    return host.conninfo(name)


def drop_database(host: Host, name: str, *, force: bool = False) -> None:
    """Drop a database, if it is there; raises ServerError.

    Whoever is connected to it keeps it alive, unless ``force`` ends those connections.
    """
    how = sql.SQL("WITH (FORCE)" if force else "")
    statement = sql.SQL("DROP DATABASE IF EXISTS {} {}").format(sql.Identifier(name), how)
    failure = f"The database {name} cannot be dropped"
    _execute(host, [statement], failure, None if force else name)


def _marking(host: Host, name: str) -> list[sql.Composed]:
    """What says that a database is ours, where not all of them are."""
    if host.mark is None:
        return []
    return [sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), host.mark)]


def _execute(
    host: Host, statements: Sequence[sql.Composed], failure: str, unused: str | None
) -> None:
    """Execute, once nobody is connected to the database ``unused``."""
    conninfo = host.maintenance_conninfo(host.maintenance)
    try:
        with connect(conninfo) as connection:
            if unused is not None and (users := _users(connection, unused)):
                raise ServerError(f"{failure} while somebody is connected to it: {users}.")
            for statement in statements:
                connection.execute(statement)
    except psycopg.Error as error:
        raise ServerError(f"{failure}: {error}") from error


def _users(connection: psycopg.Connection, database: str) -> str:
    """Who is connected to a database, other than ourselves, and does not leave.

    The server itself would wait 5 seconds, and would not tell who it is.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        users = connection.execute(
            "SELECT coalesce(nullif(application_name, ''), usename), pid, state"
            " FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
            (database,),
        ).fetchall()
        if not users or time.monotonic() > deadline:
            return ", ".join(f"{who} (process {pid}, {state})" for who, pid, state in users)
        time.sleep(0.01)
