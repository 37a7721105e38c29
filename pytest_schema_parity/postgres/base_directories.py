"""The directories in which run directories can be created: in memory, or on disk."""

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
"""Part of the socket's name: no cluster listens on a network."""

RUN_PREFIX: Final = "schema-parity-pg-"
"""The prefix of the names of run directories."""

MIN_FREE: Final = 256 * 2**20
"""Bytes that should be free for a cluster."""

_MAX_SOCKET_PATH: Final = 103 if sys.platform == "darwin" else 107
"""The longest path, in bytes, that a socket can have."""


def choose_base_directory(account: Account) -> Path:
    """The first usable base directory with 256 MB free, else the one with most free space.

    Raises ServerError if the account can use none.
    """
    usable = [
        base for base in base_directories() if _can_hold_socket(base) and account.can_write(base)
    ]
    if not usable:
        tried = ", ".join(map(str, base_directories()))
        raise ServerError(
            "There is no directory for the server's socket: it must be writable, for user id "
            f"{account.uid} too, and short (a socket's path may take {_MAX_SOCKET_PATH} bytes), "
            f"without comma or line break. Tried {tried}. Set TMPDIR to such a directory."
        )
    with_room = (base for base in usable if _free(base) >= MIN_FREE)
    return next(with_room, max(usable, key=_free))


def base_directories() -> list[Path]:
    """Every candidate, best first: TMPDIR if it is set, /dev/shm, Python's default, /tmp."""
    temp, memory = temporary_directory(), Path("/dev/shm")  # noqa: S108  # mkdtemp makes it private
    first = [temp, memory] if os.environ.get("TMPDIR") else [memory, temp]
    return list(dict.fromkeys([*first, Path("/tmp")]))  # noqa: S108


def temporary_directory() -> Path:
    """The directory that ``tempfile`` uses, absolute; ``/tmp`` if it finds none."""
    try:
        chosen = os.path.abspath(tempfile.gettempdir())  # noqa: PTH100  # it can be "."
    except FileNotFoundError:
        return Path("/tmp")  # noqa: S108
    # PostgreSQL reads two leading slashes as one, Python does not.
    return Path("/", chosen.lstrip("/"))


def _free(base: Path) -> int:
    """The bytes that are free in the file system of a directory."""
    return shutil.disk_usage(base).free


def _can_hold_socket(base: Path) -> bool:
    """Whether the path of a socket in a run directory below ``base`` is valid.

    Server and libpq read a comma as the end of a path, and the pid file has one path a line.
    """
    name = os.fsencode(base / f"{RUN_PREFIX}12345678" / f".s.PGSQL.{PORT}")
    return len(name) <= _MAX_SOCKET_PATH and not {*b",\n"} & {*name} and _is_utf8(name)


def _is_utf8(name: bytes) -> bool:
    """Whether a path is valid UTF-8."""
    try:
        name.decode()
    except UnicodeDecodeError:
        return False
    return True
