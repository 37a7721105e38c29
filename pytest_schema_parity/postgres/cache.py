"""What is kept between runs: images of data directories, and readable copies of programs."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Final

from platformdirs import user_cache_path

from pytest_schema_parity.errors import ServerError

NAME: Final = "pytest-schema-parity"
KEPT: Final = 30 * 24 * 3600
"""Seconds for which an entry that nobody uses is kept."""


@cache
def cache_directory() -> Path:
    """The user's cache directory; where it cannot be written, a private one below the temp dir."""
    try:
        path = user_cache_path(NAME)
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.access(path, os.W_OK | os.X_OK):
            return path
    except (OSError, RuntimeError):  # no home directory to be found
        pass
    return owned_directory(Path(tempfile.gettempdir(), f"{NAME}-{os.geteuid()}"), 0o700)


def owned_directory(path: Path, mode: int) -> Path:
    """Make ``path``, or make sure that nobody else can write to it; raises ServerError."""
    with suppress(FileExistsError):
        path.mkdir(mode=mode, parents=True)
        path.chmod(mode)
    status = path.lstat()
    others_write = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or others_write:
        raise ServerError(
            f"{path} is not a directory that only we can write to. Remove it, or set "
            "XDG_CACHE_HOME to a directory that is writable."
        )
    return path


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock on this file: across processes, and across threads."""
    lock = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        with suppress(OSError):  # a file system without locks: what is written is whole anyway
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def prune(directory: Path) -> None:
    """Remove the entries of ``directory`` that nobody has used for 30 days."""
    oldest = time.time() - KEPT
    for path in directory.iterdir():
        with suppress(OSError):
            if path.lstat().st_mtime >= oldest:
                continue
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
