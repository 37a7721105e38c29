"""The cache between runs: its directory, its locks, and the removal of old entries."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Final

from platformdirs import user_cache_path

from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.postgres.base_directories import temporary_directory

DIRECTORY_NAME: Final = "pytest-schema-parity"
MAX_AGE: Final = 30 * 24 * 3600
"""Seconds after its last use that an entry is removed."""


@cache
def cache_directory() -> Path:
    """The cache directory of the user, or a private one in the directory for temporary files.

    The second is used if the first is not writable, or belongs to another user: under ``sudo -E``
    root has the HOME of a user, who could neither use nor remove root's files.
    """
    try:
        path = user_cache_path(DIRECTORY_NAME)
        # For a user without a home directory the path is relative, and begins with "~".
        if path.is_absolute() and _future_owner(path) == os.geteuid():
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            if os.access(path, os.W_OK | os.X_OK):
                return path
    except (OSError, RuntimeError):  # no home directory is known
        pass
    private = Path(temporary_directory(), f"{DIRECTORY_NAME}-{os.geteuid()}")
    return create_owned_directory(private, 0o700)


def _future_owner(path: Path) -> int:
    """The user id that owns a directory, or if it is missing its nearest existing parent."""
    while not path.exists():
        path = path.parent
    return path.stat().st_uid


def create_owned_directory(path: Path, mode: int) -> Path:
    """Create a directory that only the current user can write to.

    Raises ServerError if ``path`` exists already and is anything else.
    """
    with suppress(FileExistsError):
        path.mkdir(mode=mode, parents=True)
        path.chmod(mode)
    status = path.lstat()
    others_write = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or others_write:
        raise ServerError(
            f"{path} is not a directory that only the current user can write to. Remove it, or set "
            "XDG_CACHE_HOME to a directory that is writable."
        )
    return path


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock (flock) on this file, against other processes and threads."""
    lock = _open_and_lock_file(path)
    try:
        yield
    finally:
        os.close(lock)


def _open_and_lock_file(path: Path) -> int:
    """Open a lock file and wait for its lock; returns the descriptor."""
    while True:
        lock = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        with suppress(OSError):  # no locks on this file system: every write is atomic anyway
            fcntl.flock(lock, fcntl.LOCK_EX)
            os.utime(lock)
        if os.fstat(lock).st_nlink:
            return lock
        os.close(lock)  # it was pruned while we waited: others lock a new file


def prune(directory: Path) -> None:
    """Remove the entries of ``directory`` that were last used more than 30 days ago.

    The time of last use is the entry's mtime, which can be wrong after the clock was set.  So a
    process that uses an entry that is a directory holds a shared lock on it, and such a directory
    stays; an open file can be read after it was removed.
    """
    oldest = time.time() - MAX_AGE
    for path in directory.iterdir():
        with suppress(OSError):
            if path.lstat().st_mtime >= oldest:
                continue
            if path.is_dir():
                _remove_unless_locked(path)
            else:
                path.unlink()


def _remove_unless_locked(directory: Path) -> None:
    """Remove a directory with its files; raises OSError if a process holds a lock on it."""
    lock = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(directory)
    finally:
        os.close(lock)
