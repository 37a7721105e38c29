"""Connection strings and connections whose errors and tracebacks show no password."""

from __future__ import annotations

from typing import Any, Final

import psycopg
from psycopg import pq
from psycopg.conninfo import make_conninfo

from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.showing import HIDDEN

UNREADABLE: Final = (
    "The connection string cannot be read; it is not shown because it may contain a password. In "
    "a URI, write @ : / ? # % in a password as %40 %3A %2F %3F %23 %25; among keyword=value, put a "
    "value with blanks in single quotes."
)


class Conninfo(str):
    """A connection string whose repr hides its passwords: pytest shows the repr of locals."""

    __slots__ = ()

    def __repr__(self) -> str:
        given = _parsed_options(self)
        if given is None:
            return repr(HIDDEN)
        shown = {
            option.keyword.decode(): HIDDEN if _is_secret_option(option) else option.val.decode()
            for option in given
            if option.val is not None
        }
        return repr(make_conninfo("", **shown))


def open_connection(conninfo: str, **options: Any) -> psycopg.Connection:
    """Connect in autocommit.  Raises ServerError.

    That error does not chain psycopg's, whose frames hold the password.
    """
    conninfo = Conninfo(conninfo)
    if _parsed_options(conninfo) is None:
        raise ServerError(UNREADABLE)
    try:
        return psycopg.connect(conninfo, autocommit=True, **options)
    except psycopg.Error as error:
        message = str(error)
    raise ServerError(message)


def _parsed_options(conninfo: str) -> list[pq.ConninfoOption] | None:
    """The options that libpq reads; None if it reads none, or a part of a password as a host.

    It misreads a URI whose password has an unescaped ``@ : /``.
    """
    try:
        options = pq.Conninfo.parse(str.encode(conninfo))
    except (psycopg.Error, ValueError):
        return None
    if not conninfo.startswith(("postgresql://", "postgres://")):
        return options
    given = {option.keyword: option.val for option in options if option.val}
    hosts_and_databases = given.get(b"host", b"") + given.get(b"dbname", b"")
    port = given.get(b"port", b"0").replace(b",", b"")
    misread = (b"@" in hosts_and_databases and "%40" not in conninfo) or not port.isdigit()
    return None if misread else options


def _is_secret_option(option: pq.ConninfoOption) -> bool:
    """Whether an option is a password or a key, which may not be shown."""
    return option.dispchar == b"*" or option.keyword.startswith(b"scram_")
