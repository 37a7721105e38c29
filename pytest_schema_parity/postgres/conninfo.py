"""Connection strings that lead to one server, whatever the environment says."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from psycopg import pq
from psycopg.conninfo import make_conninfo

from pytest_schema_parity.postgres.rundir import PORT

NOT_EMPTY: Final = {
    "connect_timeout": "0",
    "max_protocol_version": "3.0",
    "min_protocol_version": "3.0",
    "sslcertmode": "disable",
}
"""What says nothing, of the keywords that have no default and may not be empty."""
SILENT: Final = frozenset({"scram_client_key", "scram_server_key", "service", "servicefile"})
"""Keywords that lead nowhere by themselves, and have no value that says nothing."""


def socket_conninfo(directory: Path, *, user: str, dbname: str) -> str:
    """A connection string for the socket in a directory.

    Where the environment has something to say of a keyword, the string has it, too: PGHOSTADDR
    alone would lead to another server.  A service (PGSERVICE) may speak of any keyword.
    """
    keywords: dict[str, str | int] = {}
    for option in pq.Conninfo.get_defaults():
        keyword, variable = option.keyword.decode(), (option.envvar or b"").decode()
        if keyword not in SILENT and ("PGSERVICE" in os.environ or variable in os.environ):
            keywords[keyword] = NOT_EMPTY.get(keyword, (option.compiled or b"").decode())
    keywords |= {"host": str(directory), "port": PORT, "user": user, "dbname": dbname}
    return make_conninfo("", **keywords)
