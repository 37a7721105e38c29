"""Run directories, one for each cluster: create, lock and remove them, also stale ones."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from pytest_schema_parity.postgres.account import Account
from pytest_schema_parity.postgres.base_directories import (
    RUN_PREFIX,
    base_directories,
    choose_base_directory,
    temporary_directory,
)

_SHARED_PREFIX: Final = "schema-parity-run-"
"""The prefix of the names of directories that the processes of one run share."""


@dataclass(frozen=True, slots=True)
class RunDirectory:
    """A private directory with ``data/``, the socket and the log; locked (flock) while in use.

    The server runs as long as a process has the ``fifo`` open for writing.  ``lock`` is the
    descriptor that holds the lock.
    """

    path: Path
    lock: int

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.path / "data"

    @property
    def log(self) -> Path:
        """The log file of the server."""
        return self.path / "log"

    @property
    def fifo(self) -> Path:
        """A named pipe, from which the lifeline's shell reads its commands."""
        return self.path / "fifo"

    def log_tail(self, lines: int = 12) -> str:
        """The log's last lines, indented."""
        try:
            text = self.log.read_text(errors="replace")
        except OSError:
            return "  (it wrote no log)"
        return "\n".join(f"  {line}" for line in text.splitlines()[-lines:])

    def remove(self) -> None:
        """Kill a server that still runs here, and remove the directory."""
        _kill_and_remove(self.path)
        os.close(self.lock)


def remove_stale(bases: Iterable[Path] | None = None) -> None:
    """Remove the run directories, and stop the servers, of processes that have ended."""
    for path in stale_directories(bases):
        _kill_and_remove(path)


_remove_stale_once = cache(remove_stale)


def make_run_directory(account: Account) -> RunDirectory:
    """Create and lock a run directory (mode 0700) for this account, in memory if there is room.

    Raises ServerError if no base directory can be used, and OSError if the disk is full.
    """
    _remove_stale_once()
    while True:
        path = Path(tempfile.mkdtemp(prefix=RUN_PREFIX, dir=choose_base_directory(account)))
        try:
            lock = _open_and_lock(path)
            account.chown(path)
        except FileNotFoundError:  # another process took it for stale, and removed it
            continue
        except BaseException:
            path.rmdir()
            raise
        return RunDirectory(path, lock)


def shared_directory(run: str) -> Path:
    """The directory that the processes of a run share if their temporary directory is the same."""
    bases = [temporary_directory(), Path("/tmp")]  # noqa: S108  # it will be private
    usable = (base for base in bases if os.access(base, os.W_OK | os.X_OK))
    base = next(usable, bases[0])
    key = sha256(f"{bases[0]} {run}".encode(errors="surrogateescape")).hexdigest()[:16]
    return base / f"{_SHARED_PREFIX}{key}"


def stale_directories(bases: Iterable[Path] | None = None) -> Iterator[Path]:
    """Directories whose processes have all ended, so that their lock is free.

    The lock is held while a directory is yielded, so that no process begins to use it.
    """
    for base in base_directories() if bases is None else bases:
        for path in (*base.glob(f"{RUN_PREFIX}*"), *base.glob(f"{_SHARED_PREFIX}*")):
            with suppress(OSError), _lock_if_stale(path) as stale:
                if stale:
                    yield path


@contextmanager
def _lock_if_stale(path: Path) -> Iterator[bool]:
    """Try to lock a directory; yields False if it is not ours, or a process holds the lock."""
    lock = _open_directory(path)
    try:
        status = os.fstat(lock)
        ours = os.geteuid() in (0, status.st_uid) and status.st_mode & 0o777 == 0o700
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            ours = False
        yield ours and path.exists()
    finally:
        os.close(lock)


def _open_and_lock(path: Path) -> int:
    """Open and lock a directory; raises FileNotFoundError if another process removed it."""
    lock = _open_directory(path)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        path.lstat()
    except BaseException:
        os.close(lock)
        raise
    return lock


def _open_directory(path: Path) -> int:
    """Open a directory, which must not be a symbolic link."""
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)


def _kill_and_remove(path: Path) -> None:
    """Kill the postmaster that runs in this directory, if one does, and remove the directory."""
    with suppress(OSError, ValueError, LookupError):
        lines = (path / "data" / "postmaster.pid").read_text().splitlines()
        postmaster = int(lines[0])
        if _runs_in(postmaster, path / "data"):
            os.kill(postmaster, signal.SIGQUIT)
        else:
            _remove_shared_memory(*lines[6].split())
    for _ in range(3):  # a process that is ending may still create files
        shutil.rmtree(path, ignore_errors=True)
        with suppress(OSError):
            path.rmdir()  # needs no file descriptor, if the limit is reached
        if not path.exists():
            return


def _runs_in(process: int, directory: Path) -> bool:
    """Whether the working directory of a process is this one: process ids are reused."""
    proc = Path("/proc", str(process))
    with suppress(OSError):  # there is no such process, or it is a zombie
        same_user = proc.stat().st_uid == directory.stat().st_uid
        return same_user and (proc / "cwd").samefile(directory)
    return False


def _remove_shared_memory(key: str, segment: str) -> None:
    """Remove the System V shared memory (56 bytes) of a server that was killed.

    After a reboot another program may have this id: a segment with another key, or in use, stays.
    """
    names, *lines = map(str.split, Path("/proc/sysvipc/shm").read_text().splitlines())
    for found in (dict(zip(names, line, strict=False)) for line in lines):
        same = found["shmid"] == segment and (int(found["key"]) - int(key)) % 2**32 == 0
        if same and found["nattch"] == "0":
            subprocess.run(["ipcrm", "-m", segment], capture_output=True, check=False)  # noqa: S607
