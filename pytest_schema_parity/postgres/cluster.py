"""Clusters: started in some 50 ms from a cached data directory, gone without a trace."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.postgres.account import Account, server_account
from pytest_schema_parity.postgres.address import (
    HOUSEKEEPER,
    address,
    maintenance_options,
    require_own,
)
from pytest_schema_parity.postgres.conninfo import Conninfo
from pytest_schema_parity.postgres.datadir import discard_image, lay_out, settings_of
from pytest_schema_parity.postgres.installation import Installation
from pytest_schema_parity.postgres.lifeline import Lifeline, Loan
from pytest_schema_parity.postgres.places import PORT
from pytest_schema_parity.postgres.relocation import reachable
from pytest_schema_parity.postgres.remedy import with_remedy
from pytest_schema_parity.postgres.server import PATIENCE, StartError, launch
from pytest_schema_parity.postgres.template import DURABLE, PLAIN, Template


class Cluster:
    """A running server of our own, reachable through its socket only.

    Use it as a context manager, or call :meth:`stop`.  Should neither happen, it ends with this
    process, and leaves nothing behind.
    """

    def __init__(
        self,
        installation: Installation,
        superuser: str,
        path: Path,
        server: Lifeline | Loan,
        launch: Callable[[Lifeline], None] | None = None,
    ) -> None:
        self.installation = installation
        self.superuser = superuser
        self.socket_directory = path
        """Where its run directory is."""
        self._server = server
        self._launch = launch
        self._running = True
        self._lock = threading.Lock()

    maintenance = "template1"
    """Nobody copies it: a connection would keep its database from being copied."""
    strategy = "FILE_COPY"
    """Takes 10 ms where WAL_LOG takes 20: its checkpoints cost nothing without fsync."""
    mark = None
    password = None
    port = PORT

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<Cluster {self.installation.version} in {self.directory}>"

    @property
    def host(self) -> str:
        """What to give as host: the socket's directory."""
        return str(self.socket_directory)

    @property
    def directory(self) -> Path:
        """The data directory."""
        return self.socket_directory / "data"

    @property
    def log(self) -> Path:
        """The server's log file."""
        return self.socket_directory / "log"

    def conninfo(
        self, dbname: str = "postgres", user: str | None = None, *, options: str = ""
    ) -> Conninfo:
        """A connection string; without a user it is the superuser's.

        Variables like PGHOSTADDR, and a PGSERVICE, do not lead it elsewhere.
        """
        return address(self.socket_directory, dbname, user or self.superuser, options)

    def maintenance_conninfo(self, dbname: str = "postgres") -> Conninfo:
        """A connection string for our own work, which nothing that a tree sets changes."""
        options = maintenance_options(self.installation.major)
        return address(self.socket_directory, dbname, HOUSEKEEPER, options)

    def stop(self) -> None:
        """End the server at once and remove its directory; again, it does nothing.

        A borrowed one is given back instead.
        """
        self._end(self._server.end)

    def leave(self) -> None:
        """Stop, unless other processes have borrowed the server: the last of them ends it."""
        self._end(self._server.leave)

    def keep(self) -> None:
        """Let the server go on after us, until it is shut down; its directory goes then."""
        self._end(self._server.keep)

    @property
    def postmaster(self) -> int:
        """The number of the server's first process: SIGINT shuts it down."""
        return int((self.directory / "postmaster.pid").read_text().split()[0])

    def crash(self) -> None:
        """Kill the server (SIGQUIT), and start another, which recovers the data that it left.

        Nobody is connected afterwards, and :meth:`conninfo` leads to another socket.  What was
        committed is there if it was started ``durable``.  Raises ServerError.
        """
        with self._lock:
            dead = self._server
            if not self._running or self._launch is None or not isinstance(dead, Lifeline):
                raise ServerError("only a server that runs and was started here can be recovered")
            os.kill(self.postmaster, signal.SIGQUIT)
            if not dead.gone_within(PATIENCE):
                raise ServerError(f"PostgreSQL does not end.\n{dead.run.log_tail()}")
            fresh = Lifeline(dead.account)
            try:
                shutil.move(dead.run.data, fresh.run.data)
                self._launch(fresh)
            except BaseException:
                fresh.end()
                raise
            self._server, self.socket_directory = fresh, fresh.run.path
            dead.end()

    def _end(self, end: Callable[[], None]) -> None:
        with self._lock:
            if self._running:
                self._running = False
                end()


def start_cluster(
    installation: Installation,
    *,
    template: Template = PLAIN,
    name: str = "schema parity",
    durable: bool = False,
) -> Cluster:
    """Start a cluster as the template says; ``name`` shows in its processes' titles.

    One that is ``durable`` keeps what was committed if the server or its host crashes.

    The first one of a template makes and caches its data directory (initdb: half a second).
    Raises ServerError.  Several may be started at once from threads.
    """
    account = server_account()
    programs = reachable(installation, account)
    settings = settings_of(template, programs, account) | {"cluster_name": name}
    if durable:
        settings |= DURABLE

    def run(lifeline: Lifeline) -> None:
        launch(lifeline, programs.binary("postgres"), settings)

    try:
        server = _start(template, programs, account, run)
    except OSError as error:
        raise ServerError(with_remedy(f"A server cannot be started: {error}")) from error
    return _checked(Cluster(installation, template.superuser, server.run.path, server, run))


def attach_cluster(installation: Installation, *, superuser: str, path: Path) -> Cluster:
    """The cluster that another process started, whose :attr:`Cluster.socket_directory` is ``path``.

    It does not end before it is stopped here, too.  Raises ServerError if it has ended already.
    """
    return _checked(Cluster(installation, superuser, path, Loan(path)))


def _checked(cluster: Cluster) -> Cluster:
    """The cluster, if a connection to it leads to it; raises ServerError."""
    try:
        require_own(cluster.maintenance_conninfo(), cluster.directory)
    except BaseException:
        cluster.stop()
        raise
    return cluster


def _start(
    template: Template,
    programs: Installation,
    account: Account,
    run: Callable[[Lifeline], None],
) -> Lifeline:
    def start() -> Lifeline:
        lifeline = Lifeline(account)
        try:
            lay_out(lifeline.run, template, programs, account)
            run(lifeline)
        except BaseException:
            lifeline.end()
            raise
        return lifeline

    try:
        return start()
    except StartError:
        # The image may be damaged in a way that only the server sees: once more, from the start.
        if not discard_image(template, programs):
            raise
    return start()
