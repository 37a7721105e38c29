"""Connection strings, and connecting: whatever goes wrong, no password comes to light."""

from __future__ import annotations

from typing import Any, Final

import psycopg
from psycopg import pq
from psycopg.conninfo import make_conninfo

from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.showing import HIDDEN

MISREAD: Final = (
    "The connection string cannot be read; it is not shown, as it may hold a password. In a URI, "
    "write @ : / ? # % in a password as %40 %3A %2F %3F %23 %25; among keyword=value, put a value "
    "with blanks in single quotes."
)


class Conninfo(str):
    """A connection string that hides its passwords in its repr: tracebacks show locals by that."""

    __slots__ = ()

    def __repr__(self) -> str:
        given = _options(self)
        if given is None:
            return repr(HIDDEN)
        shown = {
            option.keyword.decode(): HIDDEN if _is_secret(option) else option.val.decode()
            for option in given
            if option.val is not None
        }
        return repr(make_conninfo("", **shown))


def open_connection(conninfo: str, **options: Any) -> psycopg.Connection:
    """A connection in autocommit.  Raises ServerError.

    Psycopg's own error is not its cause: the frames that it comes from hold the password.
    """
    conninfo = Conninfo(conninfo)
    if _options(conninfo) is None:
        raise ServerError(MISREAD)
    try:
        return psycopg.connect(conninfo, autocommit=True, **options)
    except psycopg.Error as error:
        message = str(error)
    raise ServerError(message)


def _options(conninfo: str) -> list[pq.ConninfoOption] | None:
    """What libpq reads in it; None where that is nothing, or not what was meant.

    Where a password holds a sign of the URI's own, parts of it are taken for something else.
    """
    try:
        options = pq.Conninfo.parse(str.encode(conninfo))
    except (psycopg.Error, ValueError):
        return None
    if not conninfo.startswith(("postgresql://", "postgres://")):
        return options
    given = {option.keyword: option.val for option in options if option.val}
    places = given.get(b"host", b"") + given.get(b"dbname", b"")
    port = given.get(b"port", b"0").replace(b",", b"")
    misread = (b"@" in places and "%40" not in conninfo) or not port.isdigit()
    return None if misread else options


def _is_secret(option: pq.ConninfoOption) -> bool:
    return option.dispchar == b"*" or option.keyword.startswith(b"scram_")
