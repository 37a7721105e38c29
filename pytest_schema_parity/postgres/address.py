"""Connection strings for our own servers, which the environment does not lead elsewhere."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import psycopg
from psycopg import pq
from psycopg.conninfo import make_conninfo

from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.postgres.conninfo import Conninfo, open_connection
from pytest_schema_parity.postgres.places import PORT

HOUSEKEEPER: Final = "pg_schema_parity"
"""A superuser of ours in every cluster.  By its name and number it counts as the server's own: no
statement can alter or drop it, and no catalog query tells of it."""

# libpq takes an empty value for a given one.  Of `hostaddr` that is vital: with PGHOSTADDR it would
# go to that server, whatever directory `host` names.
_NEUTRAL: Final[Mapping[str, str]] = MappingProxyType(
    {
        "hostaddr": "",
        "client_encoding": "UTF8",
        "connect_timeout": "0",
        "target_session_attrs": "any",
        "channel_binding": "disable",
        "gssencmode": "disable",
        "requirepeer": "",
        "sslmode": "disable",
        "sslrootcert": "",
    }
)
# Named only where the environment does so: an older psql or pg_dump takes them for a mistake.
_NEUTRAL_IF_SET: Final[Mapping[str, str]] = MappingProxyType(
    {
        "load_balance_hosts": "disable",
        "max_protocol_version": "3.0",
        "min_protocol_version": "3.0",
        "replication": "",
        "require_auth": "",
        "ssl_max_protocol_version": "",
        "ssl_min_protocol_version": "",
        "sslcertmode": "disable",
        "sslnegotiation": "postgres",
    }
)

# What libpq sends to every server, whatever the connection string says: by variable, the setting
# and what it is without.
_SENT: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "PGDATESTYLE": ("datestyle", "ISO, MDY"),
        "PGGEQO": ("geqo", "on"),
        "PGTZ": ("timezone", "UTC"),
    }
)
_UNDO: Final = """
SELECT pg_catalog.set_config(%(name)s, coalesce((
    SELECT pg_catalog.substr(given, pg_catalog.strpos(given, '=') + 1)
    FROM pg_catalog.pg_db_role_setting AS s, pg_catalog.unnest(s.setconfig) AS given
    WHERE s.setrole IN (0, session_user::pg_catalog.regrole)
        AND s.setdatabase IN (0, (
            SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()
        ))
        AND pg_catalog.lower(pg_catalog.split_part(given, '=', 1)) = %(name)s
    ORDER BY s.setrole <> 0 DESC, s.setdatabase <> 0 DESC
    LIMIT 1
), %(default)s), false)
"""

_OVERRIDING: Final = (
    "role=none search_path=pg_catalog default_transaction_read_only=off"
    " default_transaction_deferrable=off default_tablespace= row_security=on exit_on_error=off"
    " statement_timeout=0 lock_timeout=0 idle_session_timeout=0"
    " idle_in_transaction_session_timeout=0 temp_file_limit=-1 max_stack_depth=2MB"
    " session_preload_libraries= local_preload_libraries="
)
_OVERRIDING_SINCE_17: Final = "transaction_timeout=0 event_triggers=off"


def address(socket_directory: Path, dbname: str, user: str, options: str = "") -> Conninfo:
    """The conninfo of a database of the server that listens in this directory."""
    given = {
        "host": str(socket_directory),
        "port": str(PORT),
        "user": user,
        "dbname": dbname,
        "options": options,
    }
    return Conninfo(make_conninfo("", **given, **_NEUTRAL, **_wanted()))


def maintenance_options(major: int) -> str:
    """What keeps a tree's ALTER DATABASE SET and ALTER ROLE ALL SET from our own sessions."""
    settings = f"{_OVERRIDING} {_OVERRIDING_SINCE_17}" if major >= 17 else _OVERRIDING
    return " ".join(f"-c {setting}" for setting in settings.split())


def connect(conninfo: str) -> psycopg.Connection:
    """A connection in autocommit, as it were in an empty environment.  Raises ServerError."""
    try:
        connection = open_connection(conninfo)
        undo_environment(connection)
    except (ServerError, psycopg.Error) as error:
        raise ServerError(f"cannot connect to our own server: {error}{blame()}") from error
    return connection


def undo_environment(connection: psycopg.Connection) -> None:
    """Set back what libpq took from the environment, in a session in autocommit."""
    for variable, (name, default) in _SENT.items():
        if variable in os.environ:
            connection.execute(_UNDO, {"name": name, "default": default})


def require_own(conninfo: str, data: Path) -> None:
    """Raise ServerError unless the server that a superuser's conninfo leads to is that of ``data``.

    Nothing is applied or dropped anywhere before this.
    """
    with connect(conninfo) as connection:
        row = connection.execute("SHOW data_directory").fetchone()
    if row is None or row[0] != str(data):
        raise ServerError(
            f"A connection to our own server, in {data}, led to another one"
            f"{f', in {row[0]}' if row else ''}; nothing was done there.{blame()}"
        )


def blame() -> str:
    """A sentence that names the environment's variables for libpq, if there are any."""
    known = {option.envvar.decode() for option in pq.Conninfo.get_defaults() if option.envvar}
    known |= {*_SENT, "PGSERVICEFILE"}
    found = sorted(known & os.environ.keys())
    return f" Unset what the environment has for libpq: {', '.join(found)}." if found else ""


def _wanted() -> dict[str, str]:
    """The neutral values of those keywords that the environment, or its service file, may name."""
    variables = {o.keyword.decode(): (o.envvar or b"").decode() for o in pq.Conninfo.get_defaults()}
    return {
        keyword: value
        for keyword, value in _NEUTRAL_IF_SET.items()
        if keyword in variables and (variables[keyword] in os.environ or "PGSERVICE" in os.environ)
    }
