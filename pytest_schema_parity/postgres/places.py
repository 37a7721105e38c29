"""Where run directories may be: on memory, or below the directory for temporary files."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Final

from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.postgres.account import Account

PORT: Final = 5432
"""In the socket's name only: no cluster listens on a network."""

PREFIX: Final = "schema-parity-pg-"
"""How the names of run directories begin."""

ROOM: Final = 256 * 2**20
"""Bytes that should be free where a cluster lives."""

_LONGEST_SOCKET: Final = 103 if sys.platform == "darwin" else 107


def place_for(account: Account) -> Path:
    """The directory to make run directories in: the best with room, else the roomiest."""
    usable = [base for base in places() if _holds_sockets(base) and account.can_fill(base)]
    if not usable:
        raise ServerError(
            "There is no directory for the server's socket: it must be writable, for user id "
            f"{account.uid} too, and short (a socket's path may take {_LONGEST_SOCKET} bytes), "
            f"without comma or line break. Tried {', '.join(map(str, places()))}. Set TMPDIR to "
            "such a directory."
        )
    with_room = (base for base in usable if _free(base) >= ROOM)
    return next(with_room, max(usable, key=_free))


def places() -> list[Path]:
    """Every such directory, the best first: one that was asked for, then memory."""
    temp, memory = temporary_directory(), Path("/dev/shm")  # noqa: S108  # mkdtemp makes it private
    first = [temp, memory] if os.environ.get("TMPDIR") else [memory, temp]
    return list(dict.fromkeys([*first, Path("/tmp")]))  # noqa: S108


def temporary_directory() -> Path:
    """Python's own choice; ``/tmp`` where it has none, because all that it knows is full."""
    try:
        chosen = os.path.abspath(tempfile.gettempdir())  # noqa: PTH100  # it takes "." for one
    except FileNotFoundError:
        return Path("/tmp")  # noqa: S108
    # A server takes two slashes at the beginning for one, Python does not.
    return Path("/", chosen.lstrip("/"))


def _free(base: Path) -> int:
    return shutil.disk_usage(base).free


def _holds_sockets(base: Path) -> bool:
    """Whether a server and libpq can name a socket below it.

    For both, a comma ends a path; a line break would end one in the server's pid file.
    """
    name = os.fsencode(base / f"{PREFIX}12345678" / f".s.PGSQL.{PORT}")
    return len(name) <= _LONGEST_SOCKET and not {*b",\n"} & {*name} and _is_utf8(name)


def _is_utf8(name: bytes) -> bool:
    try:
        name.decode()
    except UnicodeDecodeError:
        return False
    return True
