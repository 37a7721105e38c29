"""Share builds between the processes of a run on one host: one builds, the others attach.

They share a directory that is named after the run.  The process that holds its lock is the builder.
For each tree it writes a pickled :class:`Notice` there, or the reason why there is no build, and
removes them when it ends.  A process on another host, or with another temporary directory, does
not find the directory, and builds its own.
"""

from __future__ import annotations

import errno
import fcntl
import os
import pickle
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import Final, Self
from uuid import uuid4

from pytest_schema_parity.building.build import Build
from pytest_schema_parity.building.targets import OwnClusters, Target
from pytest_schema_parity.errors import SchemaParityError, ServerError
from pytest_schema_parity.platforms import Platform
from pytest_schema_parity.postgres.lifeline import Guard
from pytest_schema_parity.postgres.remedy import with_remedy
from pytest_schema_parity.postgres.rundir import shared_directory

POLL_INTERVAL: Final = 0.003
"""Seconds between two checks for a notice."""
BUILDER_ENDED: Final = (
    "The process that was building this tree for the whole run has ended. Run pytest again."
)


class BuilderEnded(ServerError):
    """The builder ended before it built this tree: the next builder has to build it."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A built tree and the directory of its cluster, for another process."""

    build: Build
    superuser: str
    directory: Path

    @classmethod
    def of(cls, build: Build, target: Target) -> Self:
        """The notice of a tree that was built."""
        return cls(build, target.host.superuser, Path(target.host.host))


class SharedBuilds:
    """The builds of one run on one host; ``run`` identifies it in all of its processes."""

    def __init__(self, run: str, site: OwnClusters) -> None:
        self._site = site
        self.path = shared_directory(run)
        self._lock: int | None = None
        self._guard: Guard | None = None
        self._prefix = f"{uuid4().hex}."
        self._withdrawing = RLock()

    @property
    def notices(self) -> Path:
        """The prefix of the paths of this process's notices."""
        return self.path / self._prefix

    @property
    def is_builder(self) -> bool:
        """Whether this process builds the trees of the run."""
        return self._lock is not None

    def become_builder(self) -> bool:
        """Try to become the builder; return whether this process is the builder."""
        if self.is_builder:
            return True
        if not self._has_no_builder() and self._has_files():
            return False
        guard = Guard(self.notices)
        try:
            if self._try_lock():
                self._guard = guard
                return True
        except OSError as error:
            guard.end()
            failed = f"The processes of this run cannot share {self.path}: {error}"
            raise ServerError(with_remedy(failed)) from error
        guard.end()
        return False

    def publish(self, number: int, notice: Notice | str) -> None:
        """Write the notice of a tree, or why it has no build; on a full disk an empty file.

        If there is no room even for that, it withdraws all notices, so that no process waits for
        this one.  After it has withdrawn, it publishes nothing.
        """
        new = Path(f"{self.notices}{number}.new")
        with self._withdrawing:
            if self._lock is None:
                return
            try:
                try:
                    new.write_bytes(_pickled(notice))
                except OSError:
                    new.write_bytes(b"")
                new.rename(new.with_suffix(".tree"))
            except OSError:
                self.withdraw()

    def receive(
        self, number: int, platform: Platform, *, ended: Callable[[], bool]
    ) -> tuple[Build, Target]:
        """Wait until the tree is built, and attach to its cluster.

        Raises BuilderEnded if its builder has ended, or this process has become the builder, and
        ServerError if it could not be built or attached to, or the run has ``ended``.
        """
        while not ended():
            gone = self.is_builder or self._has_no_builder()
            for path, notice in self._notices(str(number)):
                if isinstance(notice, str):
                    raise ServerError(notice)
                try:
                    return notice.build, self._attach(notice, platform)
                except ServerError:
                    if path.exists():
                        raise  # else its builder has just ended, and stopped its server
            if gone:
                raise BuilderEnded(BUILDER_ENDED)
            time.sleep(POLL_INTERVAL)
        raise ServerError("the run ended while its trees were being built")

    def withdraw(self) -> None:
        """Remove the notices and release the lock, so that another process can build."""
        with self._withdrawing:
            if self._guard is not None:
                self._guard.end()
                self._guard = None
            if self._lock is not None:
                os.close(self._lock)
                self._lock = None

    def _try_lock(self) -> bool:
        """Create the directory if it is missing, and try to lock it; returns whether it did."""
        while True:
            with suppress(FileNotFoundError), ExitStack() as undo:  # removed by others meanwhile
                self._make_directory()
                lock = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
                undo.callback(os.close, lock)
                if _try_flock(lock, fcntl.LOCK_EX):
                    for stale in self.path.iterdir():  # of processes that were killed
                        stale.unlink(missing_ok=True)
                    self.notices.touch(mode=0o600)
                    self._lock = lock
                    undo.pop_all()
                    return True
                if self._has_files():
                    return False
            time.sleep(
                POLL_INTERVAL
            )  # another process is about to build, or to remove the directory

    def _has_files(self) -> bool:
        """Whether a builder's files are there: it writes the first right after it has the lock."""
        with suppress(FileNotFoundError):
            return any(self.path.iterdir())
        return False

    def _attach(self, notice: Notice, platform: Platform) -> Target:
        return self._site.attach(platform, superuser=notice.superuser, directory=notice.directory)

    def _make_directory(self) -> None:
        """Create the directory, or check that it is ours; raises ServerError."""
        with suppress(FileExistsError):
            self.path.mkdir(mode=0o700)
        status = self.path.lstat()
        ours = status.st_uid == os.geteuid()
        if not (ours and stat.S_ISDIR(status.st_mode) and status.st_mode & 0o777 == 0o700):
            raise ServerError(f"{self.path} is not a private directory of this user: remove it.")

    def _notices(self, number: str) -> Iterator[tuple[Path, Notice | str]]:
        for path in self.path.glob(f"*.{number}.tree"):
            with suppress(FileNotFoundError):
                yield path, _read_notice(path)

    def _has_no_builder(self) -> bool:
        """Whether no process holds the lock."""
        try:
            lock = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:
            return True
        try:
            return _try_flock(lock, fcntl.LOCK_SH)
        finally:
            os.close(lock)


def _try_flock(directory: int, how: int) -> bool:
    """Try to take a lock without waiting; returns whether it was taken."""
    try:
        fcntl.flock(directory, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def error_text(error: BaseException) -> str:
    """The text of an error, for another process, which may not have its class."""
    return str(error) if isinstance(error, SchemaParityError) else repr(error)


def _pickled(notice: Notice | str) -> bytes:
    """A pickled notice; if a hook made it impossible to pickle, a pickled error message."""
    try:
        return pickle.dumps(notice)
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        return pickle.dumps(f"What was built cannot be passed to another process: {error}")


def _read_notice(path: Path) -> Notice | str:
    """Read a notice that this user wrote; raises ServerError."""
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NOFOLLOW)) as file:
        if os.fstat(file.fileno()).st_uid != os.geteuid():
            raise ServerError(f"{path} belongs to another user, so it is not read.")
        if not (content := file.read()):
            raise ServerError(with_remedy(f"{path}: {os.strerror(errno.ENOSPC)}"))
        notice: Notice | str = pickle.loads(content)  # noqa: S301 -- written by this very run
        return notice
