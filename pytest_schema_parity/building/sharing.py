"""One build for all processes of a run on one host: the first builds, the others take over.

They meet in a directory that is named after the run.  Whoever holds its lock builds; for each tree
it leaves a pickled :class:`Notice` there, or the reason why there is none.  The notices go when the
builder goes.  A process on another host, or with another temporary directory, finds none
of this, and builds for itself and its like.
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

POLL: Final = 0.003
"""Seconds between two looks for a notice."""
GONE: Final = "The process that was building this tree for the whole run has ended. Run it again."


class Abandoned(ServerError):
    """The builder has left before it built this tree: whoever claims the build has to."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What a tree came to, and where its cluster is."""

    build: Build
    superuser: str
    directory: Path

    @classmethod
    def of(cls, build: Build, target: Target) -> Self:
        """The notice of a tree that was built."""
        return cls(build, target.host.superuser, Path(target.host.host))


class Rendezvous:
    """Where the processes of one run on one host meet; ``run`` is what they have in common."""

    def __init__(self, run: str, site: OwnClusters) -> None:
        self._site = site
        self.path = shared_directory(run)
        self._lock: int | None = None
        self._guard: Guard | None = None
        self._own = f"{uuid4().hex}."
        self._leaving = RLock()

    @property
    def notices(self) -> Path:
        """How the paths of this process's notices begin."""
        return self.path / self._own

    @property
    def is_builder(self) -> bool:
        """Whether this process has claimed the build, and not left."""
        return self._lock is not None

    def claim(self) -> bool:
        """Whether it is this process that builds: nobody else does."""
        if self.is_builder:
            return True
        if not self._is_abandoned() and self._holds_something():
            return False
        guard = Guard(self.notices)
        try:
            if self._lock_it():
                self._guard = guard
                return True
        except OSError as error:
            guard.end()
            failed = f"The processes of this run cannot meet in {self.path}: {error}"
            raise ServerError(with_remedy(failed)) from error
        guard.end()
        return False

    def leave_notice(self, number: int, notice: Notice | str) -> None:
        """Tell the others what a tree came to, or why to nothing; whole, or empty on a full disk.

        Where there is not even room for that, it leaves: nobody is to wait for what will not come.
        Once it has left, no notice of it is to stay.
        """
        new = Path(f"{self.notices}{number}.new")
        with self._leaving:
            if self._lock is None:
                return
            try:
                try:
                    new.write_bytes(_pickled(notice))
                except OSError:
                    new.write_bytes(b"")
                new.rename(new.with_suffix(".tree"))
            except OSError:
                self.leave()

    def take_over(
        self, number: int, platform: Platform, *, ended: Callable[[], bool]
    ) -> tuple[Build, Target]:
        """Wait until the tree is built, and attach to its cluster.

        Raises Abandoned where its builder left before, or this process has become the builder, and
        ServerError where it could not be built or attached to, or ``ended`` came first.
        """
        while not ended():
            abandoned = self.is_builder or self._is_abandoned()
            for path, notice in self._notices(str(number)):
                if isinstance(notice, str):
                    raise ServerError(notice)
                try:
                    return notice.build, self._attach(notice, platform)
                except ServerError:
                    if path.exists():
                        raise  # else its builder has just left, and taken its server along
            if abandoned:
                raise Abandoned(GONE)
            time.sleep(POLL)
        raise ServerError("the run ended while its trees were being built")

    def leave(self) -> None:
        """Remove the notices, and let another process build, should one come."""
        with self._leaving:
            if self._guard is not None:
                self._guard.end()
                self._guard = None
            if self._lock is not None:
                os.close(self._lock)
                self._lock = None

    def _lock_it(self) -> bool:
        """Make the directory, if need be, and lock it."""
        while True:
            with suppress(FileNotFoundError), ExitStack() as undo:  # removed by others meanwhile
                self._make()
                lock = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
                undo.callback(os.close, lock)
                if _locked(lock, fcntl.LOCK_EX):
                    for stale in self.path.iterdir():  # of processes that were killed
                        stale.unlink(missing_ok=True)
                    self.notices.touch(mode=0o600)
                    self._lock = lock
                    undo.pop_all()
                    return True
                if self._holds_something():
                    return False
            time.sleep(POLL)  # somebody was about to build, or to sweep

    def _holds_something(self) -> bool:
        """Whether a builder's files are there: it makes the first as soon as it has the lock."""
        with suppress(FileNotFoundError):
            return any(self.path.iterdir())
        return False

    def _attach(self, notice: Notice, platform: Platform) -> Target:
        return self._site.attach(platform, superuser=notice.superuser, directory=notice.directory)

    def _make(self) -> None:
        """Make the directory, or make sure that it is ours; raises ServerError."""
        with suppress(FileExistsError):
            self.path.mkdir(mode=0o700)
        status = self.path.lstat()
        ours = status.st_uid == os.geteuid()
        if not (ours and stat.S_ISDIR(status.st_mode) and status.st_mode & 0o777 == 0o700):
            raise ServerError(f"{self.path} is not a directory that is ours alone: remove it.")

    def _notices(self, number: str) -> Iterator[tuple[Path, Notice | str]]:
        for path in self.path.glob(f"*.{number}.tree"):
            with suppress(FileNotFoundError):
                yield path, _read(path)

    def _is_abandoned(self) -> bool:
        """Whether nobody holds the lock, so that nobody builds."""
        try:
            lock = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:
            return True
        try:
            return _locked(lock, fcntl.LOCK_SH)
        finally:
            os.close(lock)


def _locked(directory: int, how: int) -> bool:
    """Whether the lock could be taken at once."""
    try:
        fcntl.flock(directory, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def in_words(error: BaseException) -> str:
    """An error for another process, which may not have its class."""
    return str(error) if isinstance(error, SchemaParityError) else repr(error)


def _pickled(notice: Notice | str) -> bytes:
    """A notice for another process; where a hook put in what cannot go there, that is said."""
    try:
        return pickle.dumps(notice)
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        return pickle.dumps(f"What was built cannot be handed to another process: {error}")


def _read(path: Path) -> Notice | str:
    """A notice, if it is of our own making; raises ServerError."""
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NOFOLLOW)) as file:
        if os.fstat(file.fileno()).st_uid != os.geteuid():
            raise ServerError(f"{path} is another user's: it is not read.")
        if not (content := file.read()):
            raise ServerError(with_remedy(f"{path}: {os.strerror(errno.ENOSPC)}"))
        notice: Notice | str = pickle.loads(content)  # noqa: S301 -- written by this very run
        return notice
