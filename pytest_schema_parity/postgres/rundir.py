"""The directory in which a cluster lives, and what becomes of it when nobody clears it away."""

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
"""How directories are named in which the processes of one run meet."""


@dataclass(frozen=True, slots=True)
class RunDirectory:
    """A private directory: ``data/``, the socket, the log; locked while somebody cares.

    Whoever has its ``line`` open for writing keeps its server alive: this process, and those that
    it tells of the server.
    """

    path: Path
    lock: int

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.path / "data"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.path / "log"

    @property
    def line(self) -> Path:
        """A named pipe, from which the server's shell reads and finds out that nobody is left."""
        return self.path / "line"

    def log_tail(self, lines: int = 12) -> str:
        """The log's last lines, indented."""
        try:
            text = self.log.read_text(errors="replace")
        except OSError:
            return "  (it wrote no log)"
        return "\n".join(f"  {line}" for line in text.splitlines()[-lines:])

    def remove(self) -> None:
        """End what still runs here, and remove everything."""
        _kill_and_remove(self.path)
        os.close(self.lock)


def remove_stale(bases: Iterable[Path] | None = None) -> None:
    """Remove what dead processes left behind.  What lives is not touched."""
    for path in stale_directories(bases):
        _kill_and_remove(path)


_remove_stale_once = cache(remove_stale)


def make_run_directory(account: Account) -> RunDirectory:
    """A fresh run directory of this account, mode 0700, on memory where there is room.

    Raises ServerError where there is no place for it, and OSError where that is full.
    """
    _remove_stale_once()
    while True:
        path = Path(tempfile.mkdtemp(prefix=RUN_PREFIX, dir=choose_base_directory(account)))
        try:
            lock = _open_and_lock(path)
            account.chown(path)
        except FileNotFoundError:  # swept away as a dead process's, before it was locked
            continue
        except BaseException:
            path.rmdir()
            raise
        return RunDirectory(path, lock)


def shared_directory(run: str) -> Path:
    """Where the processes of a run meet: one path for all that have the same temp dir."""
    bases = [temporary_directory(), Path("/tmp")]  # noqa: S108  # it will be private
    usable = (base for base in bases if os.access(base, os.W_OK | os.X_OK))
    base = next(usable, bases[0])
    key = sha256(f"{bases[0]} {run}".encode(errors="surrogateescape")).hexdigest()[:16]
    return base / f"{_SHARED_PREFIX}{key}"


def stale_directories(bases: Iterable[Path] | None = None) -> Iterator[Path]:
    """Directories whose processes all died: their lock can be taken.

    It is held while one of them is looked at, so that nobody begins to use that.
    """
    for base in base_directories() if bases is None else bases:
        for path in (*base.glob(f"{RUN_PREFIX}*"), *base.glob(f"{_SHARED_PREFIX}*")):
            with suppress(OSError), _lock_if_stale(path) as stale:
                if stale:
                    yield path


@contextmanager
def _lock_if_stale(path: Path) -> Iterator[bool]:
    """Whether a directory is one of ours that nobody has locked; then we have."""
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
    """Open and lock a directory; raises FileNotFoundError if it was removed before that."""
    lock = _open_directory(path)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        path.lstat()
    except BaseException:
        os.close(lock)
        raise
    return lock


def _open_directory(path: Path) -> int:
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
    for _ in range(3):  # a process that is going may still make a file
        shutil.rmtree(path, ignore_errors=True)
        with suppress(OSError):
            path.rmdir()  # which needs no open file, where there may be no more
        if not path.exists():
            return


def _runs_in(process: int, directory: Path) -> bool:
    """Whether that process is one of this directory: its number may be another's by now."""
    proc = Path("/proc", str(process))
    with suppress(OSError):  # there is none, or it has ended and nobody has asked how
        same_user = proc.stat().st_uid == directory.stat().st_uid
        return same_user and (proc / "cwd").samefile(directory)
    return False


def _remove_shared_memory(key: str, segment: str) -> None:
    """Remove the 56 bytes of shared memory (System V's) of a server that was killed.

    After a restart of the machine its number may be another's, who has another key, or uses it.
    """
    names, *lines = map(str.split, Path("/proc/sysvipc/shm").read_text().splitlines())
    for found in (dict(zip(names, line, strict=False)) for line in lines):
        same = found["shmid"] == segment and (int(found["key"]) - int(key)) % 2**32 == 0
        if same and found["nattch"] == "0":
            subprocess.run(["ipcrm", "-m", segment], capture_output=True, check=False)  # noqa: S607
