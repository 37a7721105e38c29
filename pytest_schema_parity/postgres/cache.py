"""What is kept between runs: images of data directories, and readable copies of programs."""

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
from pytest_schema_parity.postgres.places import temporary_directory

NAME: Final = "pytest-schema-parity"
KEPT: Final = 30 * 24 * 3600
"""Seconds for which an entry that nobody uses is kept."""


@cache
def cache_directory() -> Path:
    """The user's cache directory, or a private one below the temp dir.

    That is where the user's cannot be written, and where it is another's: ``sudo -E`` leaves root
    the user's HOME, and what root made there the user could neither use nor remove.
    """
    try:
        path = user_cache_path(NAME)
        if path.is_absolute() and _owner(path) == os.geteuid():  # "~" for a user without home
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            if os.access(path, os.W_OK | os.X_OK):
                return path
    except (OSError, RuntimeError):  # no home directory to be found
        pass
    return owned_directory(Path(temporary_directory(), f"{NAME}-{os.geteuid()}"), 0o700)


def _owner(path: Path) -> int:
    """Whose a directory is, or will be: the owner of the nearest one above that exists."""
    while not path.exists():
        path = path.parent
    return path.stat().st_uid


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
    lock = _lock(path)
    try:
        yield
    finally:
        os.close(lock)


def _lock(path: Path) -> int:
    while True:
        lock = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        with suppress(OSError):  # a file system without locks: what is written is whole anyway
            fcntl.flock(lock, fcntl.LOCK_EX)
            os.utime(lock)
        if os.fstat(lock).st_nlink:
            return lock
        os.close(lock)  # somebody pruned it meanwhile, and others lock the next one


def prune(directory: Path) -> None:
    """Remove the entries of ``directory`` that nobody has used for 30 days.

    Using one sets its time, which a clock that jumps may make an old one.  So whoever uses a
    directory holds a shared lock on it; a file that somebody is reading stays readable.
    """
    oldest = time.time() - KEPT
    for path in directory.iterdir():
        with suppress(OSError):
            if path.lstat().st_mtime >= oldest:
                continue
            if path.is_dir():
                _remove_unless_held(path)
            else:
                path.unlink()


def _remove_unless_held(directory: Path) -> None:
    lock = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(directory)
    finally:
        os.close(lock)
