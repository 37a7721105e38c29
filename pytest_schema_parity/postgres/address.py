"""Connection strings and connections to our own clusters, independent of PG* variables."""

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
from pytest_schema_parity.postgres.base_directories import PORT
from pytest_schema_parity.postgres.conninfo import Conninfo, open_connection

MAINTENANCE_ROLE: Final = "pg_schema_parity"
"""The superuser that our own sessions use in every cluster.

Like a built-in role it has a name with ``pg_`` and an oid below 16384: no statement can alter or
drop it, and our catalog queries leave it out."""

# An empty value in the connection string overrides the environment.  `hostaddr` must be there: with
# PGHOSTADDR, libpq would connect to that address instead of the socket in `host`.
_NEUTRAL_VALUES: Final[Mapping[str, str]] = MappingProxyType(
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
# Used only if the environment sets them: an older psql or pg_dump rejects these keywords.
_NEUTRAL_VALUES_IF_SET: Final[Mapping[str, str]] = MappingProxyType(
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

# Settings that libpq takes from the environment, even if the connection string is complete: by
# variable, the name of the setting and its default.
_ENVIRONMENT_SETTINGS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "PGDATESTYLE": ("datestyle", "ISO, MDY"),
        "PGGEQO": ("geqo", "on"),
        "PGTZ": ("timezone", "UTC"),
    }
)
_RESET_SETTING: Final = """
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

_MAINTENANCE_SETTINGS: Final = (
    "role=none search_path=pg_catalog default_transaction_read_only=off"
    " default_transaction_deferrable=off default_tablespace= row_security=on exit_on_error=off"
    " statement_timeout=0 lock_timeout=0 idle_session_timeout=0"
    " idle_in_transaction_session_timeout=0 temp_file_limit=-1 max_stack_depth=2MB"
    " session_preload_libraries= local_preload_libraries="
)
_MAINTENANCE_SETTINGS_SINCE_17: Final = "transaction_timeout=0 event_triggers=off"


def socket_conninfo(socket_directory: Path, dbname: str, user: str, options: str = "") -> Conninfo:
    """The connection string for a database of the cluster whose socket is in this directory."""
    given = {
        "host": str(socket_directory),
        "port": str(PORT),
        "user": user,
        "dbname": dbname,
        "options": options,
    }
    return Conninfo(make_conninfo("", **given, **_NEUTRAL_VALUES, **_neutral_values_if_set()))


def maintenance_options(major: int) -> str:
    """The ``options`` that override ALTER DATABASE SET and ALTER ROLE ALL SET in our sessions."""
    settings = (
        f"{_MAINTENANCE_SETTINGS} {_MAINTENANCE_SETTINGS_SINCE_17}"
        if major >= 17
        else _MAINTENANCE_SETTINGS
    )
    return " ".join(f"-c {setting}" for setting in settings.split())


def connect(conninfo: str) -> psycopg.Connection:
    """Connect in autocommit, without settings from the environment.  Raises ServerError."""
    try:
        connection = open_connection(conninfo)
        reset_environment_settings(connection)
    except (ServerError, psycopg.Error) as error:
        raise ServerError(
            f"cannot connect to our own server: {error}{libpq_variables_hint()}"
        ) from error
    return connection


def reset_environment_settings(connection: psycopg.Connection) -> None:
    """Reset, in an autocommit session, the settings that libpq took from the environment."""
    for variable, (name, default) in _ENVIRONMENT_SETTINGS.items():
        if variable in os.environ:
            connection.execute(_RESET_SETTING, {"name": name, "default": default})


def require_data_directory(conninfo: str, data: Path) -> None:
    """Raise ServerError unless the data directory of the server at ``conninfo`` is ``data``.

    The role has to be a superuser.  Called before anything is applied or dropped.
    """
    with connect(conninfo) as connection:
        row = connection.execute("SHOW data_directory").fetchone()
    if row is None or row[0] != str(data):
        raise ServerError(
            f"A connection to our own server, in {data}, reached another one"
            f"{f', in {row[0]}' if row else ''}; nothing was done there.{libpq_variables_hint()}"
        )


def libpq_variables_hint() -> str:
    """A sentence that asks to unset the PG* variables that are set; empty if there are none."""
    known = {option.envvar.decode() for option in pq.Conninfo.get_defaults() if option.envvar}
    known |= {*_ENVIRONMENT_SETTINGS, "PGSERVICEFILE"}
    found = sorted(known & os.environ.keys())
    return f" Unset these environment variables: {', '.join(found)}." if found else ""


def _neutral_values_if_set() -> dict[str, str]:
    """Neutral values for the keywords that the environment, or a service file, may set."""
    variables = {o.keyword.decode(): (o.envvar or b"").decode() for o in pq.Conninfo.get_defaults()}
    return {
        keyword: value
        for keyword, value in _NEUTRAL_VALUES_IF_SET.items()
        if keyword in variables and (variables[keyword] in os.environ or "PGSERVICE" in os.environ)
    }
