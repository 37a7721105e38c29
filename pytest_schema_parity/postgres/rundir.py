"""The directory in which a cluster lives, and what becomes of it when nobody clears it away."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import stat
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.postgres.account import Account

PORT: Final = 5432
"""In the socket's name only: no cluster listens on a network."""

ROOM: Final = 256 * 2**20
"""Bytes that must be free in memory (/dev/shm) for a cluster to live there."""

_PREFIX: Final = "schema-parity-"
_SHARED_PREFIX: Final = f"{_PREFIX}run-"
"""How directories are named in which processes of one run meet; they are locked as a whole."""
_LONGEST_SOCKET: Final = 103 if sys.platform == "darwin" else 107


@dataclass(frozen=True, slots=True)
class RunDirectory:
    """A private directory: ``data/``, the socket, the log, and a lock held while somebody cares.

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
        _bury(self.path)
        os.close(self.lock)


def sweep(bases: Iterable[Path] | None = None) -> None:
    """Remove what dead processes left behind.  What lives is not touched."""
    for path in stale_directories(bases):
        _bury(path)


_sweep_once = cache(sweep)


def make_run_directory(account: Account) -> RunDirectory:
    """A fresh run directory of this account, mode 0700, on memory where there is room."""
    _sweep_once()
    new = Path(tempfile.mkdtemp(prefix="new-schema-parity-", dir=_base(account)))
    lock = os.open(new / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    account.own(new)
    # Only now, locked, does it get the name by which the stale ones are found.
    path = new.rename(new.with_name(_PREFIX + new.name.rpartition("-")[2]))
    return RunDirectory(path, lock)


def shared_directory(run: str, account: Account) -> Path:
    """Where the processes of a run meet: one path for all that have the same temp dir."""
    places = [Path(tempfile.gettempdir()), Path("/tmp")]  # noqa: S108  # it will be private
    base = next(filter(account.can_fill, places), places[0])
    key = sha256(f"{places[0]} {run}".encode(errors="surrogateescape")).hexdigest()[:16]
    return base / f"{_SHARED_PREFIX}{key}"


def _base(account: Account) -> Path:
    """The directory to make run directories in."""
    for base in _bases():
        too_long = len(os.fsencode(_socket_below(base))) > _LONGEST_SOCKET
        if not too_long and account.can_fill(base):
            return base
    raise ServerError(
        "There is no directory for the server's socket: it must be writable, for user id "
        f"{account.uid} too, and short (a socket's path may take {_LONGEST_SOCKET} bytes). Tried "
        f"{', '.join(map(str, _bases()))}. Set TMPDIR to a short path."
    )


def _bases() -> list[Path]:
    bases = [Path(tempfile.gettempdir()), Path("/tmp")]  # noqa: S108  # mkdtemp makes it private
    memory = Path("/dev/shm")  # noqa: S108
    with suppress(OSError):
        if shutil.disk_usage(memory).free >= ROOM:
            bases.insert(0, memory)
    return list(dict.fromkeys(bases))


def _socket_below(base: Path) -> Path:
    return base / f"{_PREFIX}12345678" / f".s.PGSQL.{PORT}"


def stale_directories(bases: Iterable[Path] | None = None) -> Iterator[Path]:
    """Run directories whose processes all died: their lock can be taken."""
    for base in _bases() if bases is None else bases:
        for path in base.glob(f"{_PREFIX}*"):
            with suppress(OSError):
                if _is_stale(path):
                    yield path


def _is_stale(path: Path) -> bool:
    status = path.lstat()
    ours = os.geteuid() in (0, status.st_uid)
    if not (ours and stat.S_ISDIR(status.st_mode) and stat.S_IMODE(status.st_mode) == 0o700):
        return False
    if path.name.startswith(_SHARED_PREFIX):
        lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    else:
        lock = os.open(path / "lock", os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(lock)
    return True


def _bury(path: Path) -> None:
    """Kill the postmaster that runs in this directory, if one does, and remove the directory."""
    with suppress(OSError, ValueError):
        postmaster = int((path / "data" / "postmaster.pid").read_text().split()[0])
        if _works_in(postmaster, path / "data"):
            os.kill(postmaster, signal.SIGQUIT)
    for _ in range(3):  # a process that is going may still make a file
        shutil.rmtree(path, ignore_errors=True)
        if not path.exists():
            return


def _works_in(process: int, directory: Path) -> bool:
    """Whether that process is one of this directory: its number may be another's by now."""
    proc = Path("/proc", str(process))
    if not proc.exists():
        return False
    return proc.stat().st_uid == directory.stat().st_uid and (proc / "cwd").samefile(directory)
