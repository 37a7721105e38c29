"""Temporary clusters: started in some 50 ms from a cached data directory, removed at the end."""

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
    MAINTENANCE_ROLE,
    maintenance_options,
    require_data_directory,
    socket_conninfo,
)
from pytest_schema_parity.postgres.base_directories import PORT
from pytest_schema_parity.postgres.conninfo import Conninfo
from pytest_schema_parity.postgres.datadir import (
    create_data_directory,
    discard_image,
    server_settings,
)
from pytest_schema_parity.postgres.installation import Installation
from pytest_schema_parity.postgres.lifeline import Attachment, Lifeline
from pytest_schema_parity.postgres.relocation import runnable_installation
from pytest_schema_parity.postgres.remedy import with_remedy
from pytest_schema_parity.postgres.server import START_TIMEOUT, StartError, start_postgres
from pytest_schema_parity.postgres.template import DURABLE, PLAIN, ClusterTemplate


class Cluster:
    """A running PostgreSQL server of our own, which listens on a Unix socket only.

    Use it as a context manager, or call :meth:`stop`.  Otherwise it is stopped and removed when
    this process ends, however that ends.
    """

    def __init__(
        self,
        installation: Installation,
        superuser: str,
        path: Path,
        server: Lifeline | Attachment,
        start: Callable[[Lifeline], None] | None = None,
    ) -> None:
        self.installation = installation
        self.superuser = superuser
        self.socket_directory = path
        """The run directory, which holds the socket."""
        self._server = server
        self._start = start
        self._running = True
        self._lock = threading.Lock()

    maintenance_database = "template1"
    """Our own sessions connect to this database: it is never copied, so they block no copy."""
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
        return f"<Cluster {self.installation.version} in {self.data_directory}>"

    @property
    def host(self) -> str:
        """The ``host`` of a connection string: the directory of the socket."""
        return str(self.socket_directory)

    @property
    def data_directory(self) -> Path:
        """The data directory."""
        return self.socket_directory / "data"

    @property
    def log(self) -> Path:
        """The server's log file."""
        return self.socket_directory / "log"

    def conninfo(
        self, dbname: str = "postgres", user: str | None = None, *, options: str = ""
    ) -> Conninfo:
        """A connection string for a database; the default user is the superuser.

        PGHOSTADDR, PGSERVICE and the like do not change which server it reaches.
        """
        return socket_conninfo(self.socket_directory, dbname, user or self.superuser, options)

    def maintenance_conninfo(self, dbname: str = "postgres") -> Conninfo:
        """A connection string for our own sessions: settings of a tree do not apply to them."""
        options = maintenance_options(self.installation.major)
        return socket_conninfo(self.socket_directory, dbname, MAINTENANCE_ROLE, options)

    def stop(self) -> None:
        """Stop the server at once and remove its directory; a second call does nothing.

        A cluster that another process started is detached instead.
        """
        self._end_once(self._server.end)

    def leave(self) -> None:
        """Stop, unless other processes are attached: then the last of them stops the server."""
        self._end_once(self._server.leave)

    def keep(self) -> None:
        """Let the server run on after this process; removed when it is shut down."""
        self._end_once(self._server.keep)

    @property
    def postmaster_pid(self) -> int:
        """The process id of the postmaster: SIGINT shuts the server down."""
        return int((self.data_directory / "postmaster.pid").read_text().split()[0])

    def crash(self) -> None:
        """Kill the server (SIGQUIT), and start another on its data, which it recovers.

        All connections are lost, and :meth:`conninfo` has another socket directory.  Committed
        data are kept if the cluster was started ``durable``.  Raises ServerError.
        """
        with self._lock:
            crashed = self._server
            if not self._running or self._start is None or not isinstance(crashed, Lifeline):
                raise ServerError("only a server that runs and was started here can be recovered")
            os.kill(self.postmaster_pid, signal.SIGQUIT)
            if not crashed.ends_within(START_TIMEOUT):
                raise ServerError(f"PostgreSQL did not stop. Its log:\n{crashed.run.log_tail()}")
            fresh = Lifeline(crashed.account)
            try:
                shutil.move(crashed.run.data, fresh.run.data)
                self._start(fresh)
            except BaseException:
                fresh.end()
                raise
            self._server, self.socket_directory = fresh, fresh.run.path
            crashed.end()

    def _end_once(self, end: Callable[[], None]) -> None:
        """Call ``end``, the first time only."""
        with self._lock:
            if self._running:
                self._running = False
                end()


def start_cluster(
    installation: Installation,
    *,
    template: ClusterTemplate = PLAIN,
    name: str = "schema parity",
    durable: bool = False,
) -> Cluster:
    """Start a cluster from a template; ``name`` becomes its ``cluster_name``.

    Committed data of a ``durable`` cluster survive a crash.  The first start with a template runs
    initdb (half a second) and caches the data directory.  Raises ServerError.  Threads may start
    several clusters at once.
    """
    account = server_account()
    programs = runnable_installation(installation, account)
    settings = server_settings(template, programs, account) | {"cluster_name": name}
    if durable:
        settings |= DURABLE

    def start(lifeline: Lifeline) -> None:
        """Start a server in the run directory of a lifeline."""
        start_postgres(lifeline, programs.binary("postgres"), settings)

    try:
        server = _start_server(template, programs, account, start)
    except OSError as error:
        raise ServerError(with_remedy(f"A server cannot be started: {error}")) from error
    return _require_own_server(
        Cluster(installation, template.superuser, server.run.path, server, start)
    )


def attach_cluster(installation: Installation, *, superuser: str, path: Path) -> Cluster:
    """Attach to a cluster of another process, whose :attr:`Cluster.socket_directory` is ``path``.

    The server runs until this process has detached, too.  Raises ServerError if it has ended.
    """
    return _require_own_server(Cluster(installation, superuser, path, Attachment(path)))


def _require_own_server(cluster: Cluster) -> Cluster:
    """The same cluster; stop it and raise ServerError if a connection reaches another server."""
    try:
        require_data_directory(cluster.maintenance_conninfo(), cluster.data_directory)
    except BaseException:
        cluster.stop()
        raise
    return cluster


def _start_server(
    template: ClusterTemplate,
    programs: Installation,
    account: Account,
    run: Callable[[Lifeline], None],
) -> Lifeline:
    """Start the server; if it fails to start, once more with a new image of its data directory."""

    def start() -> Lifeline:
        """Start the server in a new run directory; clean up if that fails."""
        lifeline = Lifeline(account)
        try:
            create_data_directory(lifeline.run, template, programs, account)
            run(lifeline)
        except BaseException:
            lifeline.end()
            raise
        return lifeline

    try:
        return start()
    except StartError:
        # The cached image may be damaged in a way that only the server notices.
        if not discard_image(template, programs):
            raise
    return start()
