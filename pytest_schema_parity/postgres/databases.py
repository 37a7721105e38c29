"""Databases of a cluster: made, cloned in milliseconds, dropped."""

from __future__ import annotations

import time
from typing import Final

import psycopg
from psycopg import sql

from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.postgres.address import connect
from pytest_schema_parity.postgres.cluster import Cluster

PATIENCE: Final = 0.5
"""Seconds in which a connection that was just closed must be gone from its database."""


def create_database(cluster: Cluster, name: str) -> str:
    """Make an empty database; returns its conninfo.  Raises ServerError."""
    return clone_database(cluster, "template0", name)


def clone_database(cluster: Cluster, source: str, name: str, *, closed: bool = False) -> str:
    """Make the database ``name`` a copy of ``source``; returns its conninfo.

    Nobody can connect to a ``closed`` one, which can always be copied therefore.  Raises
    ServerError, also when somebody is connected to ``source``: nobody is thrown out.
    """
    # FILE_COPY takes 10 ms where WAL_LOG takes 20: its checkpoints cost nothing without fsync.
    statement = sql.SQL(
        "CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY ALLOW_CONNECTIONS {}"
    ).format(sql.Identifier(name), sql.Identifier(source), not closed)
    _execute(cluster, statement, f"The database {source} cannot be copied to {name}", source)
    return cluster.conninfo(name)


def drop_database(cluster: Cluster, name: str, *, force: bool = False) -> None:
    """Drop a database, if it is there; raises ServerError.

    Whoever is connected to it keeps it alive, unless ``force`` ends those connections.
    """
    how = sql.SQL("WITH (FORCE)" if force else "")
    statement = sql.SQL("DROP DATABASE IF EXISTS {} {}").format(sql.Identifier(name), how)
    _execute(cluster, statement, f"The database {name} cannot be dropped", None if force else name)


def _execute(cluster: Cluster, statement: sql.Composed, failure: str, unused: str | None) -> None:
    """Execute, once nobody is connected to the database ``unused``."""
    # In template1, which nobody copies: a connection would keep its database from being copied.
    conninfo = cluster.housekeeping("template1")
    try:
        with connect(conninfo) as connection:
            if unused is not None and (users := _users(connection, unused)):
                raise ServerError(f"{failure} while somebody is connected to it: {users}.")
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
