"""An external server, which a fixture of the project provides: we create databases there.

Only those are dropped at the end.  The name of each has the token of the run, and so has its
comment, in case the project chose the name.  A run holds an advisory lock on its token: if the lock
is free, the run was killed, and the next run drops its databases.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Protocol
from uuid import uuid4

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from pytest_schema_parity.config.model import OLDEST
from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.postgres.address import connect, maintenance_options
from pytest_schema_parity.postgres.conninfo import Conninfo

DATABASE_PREFIX: Final = "schema_parity_"
"""The prefix of the names of our databases, unless the project chooses a name."""
_MARK_PREFIX: Final = "made by pytest-schema-parity, run "
# The second SELECT finds databases of runs that were killed before they set the comment.
_FIND_MARKS: Final = """
SELECT mark
FROM pg_catalog.pg_database, pg_catalog.shobj_description(oid, 'pg_database') AS mark
WHERE pg_catalog.starts_with(mark, %(mark)s)
UNION
SELECT %(mark)s || token
FROM pg_catalog.pg_database,
    pg_catalog.substring(datname, '^' || %(prefix)s || '([0-9a-f]{12})_') AS token
WHERE token IS NOT NULL
"""
# By name, too: a tree may have replaced the comment on its database.
_FIND_DATABASES: Final = """
SELECT datname FROM pg_catalog.pg_database
WHERE pg_catalog.shobj_description(oid, 'pg_database') = %(mark)s
    OR pg_catalog.starts_with(datname, %(prefix)s)
"""
_TRY_LOCK: Final = "SELECT pg_catalog.pg_try_advisory_lock(pg_catalog.hashtextextended(%s, 0))"
_BUILD_LOCK: Final = "pytest-schema-parity builds"
_UNLOCK: Final = "SELECT pg_catalog.pg_advisory_unlock(pg_catalog.hashtextextended(%s, 0))"


class Executor(Protocol):
    """The part of pytest-postgresql's executors that we read: how to connect to the server."""

    host: str
    port: int
    user: str
    password: str | None
    options: str


class ExternalServer:
    """A server that we did not start; :meth:`stop` drops the databases that this run made there.

    Raises ServerError unless it is PostgreSQL 15 or later and the fixture's user is a superuser.
    """

    maintenance_database = "postgres"
    strategy = "WAL_LOG"
    """FILE_COPY takes two checkpoints, which may be slow on this server."""

    def __init__(self, executor: Executor) -> None:
        self.host = str(executor.host)
        self.port = int(executor.port)
        self.superuser = executor.user
        self.password = executor.password or None
        self._options = executor.options or ""
        token = uuid4().hex[:12]
        self.prefix = f"{DATABASE_PREFIX}{token}_"
        self.mark = f"{_MARK_PREFIX}{token}"
        self._lock, self._build_lock = threading.Lock(), threading.Lock()
        self._open = True
        self._session = connect(self.conninfo(self.maintenance_database))
        try:
            self.major = self._session.info.server_version // 10000
            self.version = str(self._session.info.parameter_status("server_version")).split()[0]
            self._check_requirements()
            # The end of the session would release the lock.
            self._session.execute("SET idle_session_timeout = 0")
            self._drop_stale_databases()
            self._try_lock(self.mark)
        except BaseException:
            self._session.close()
            raise

    def __repr__(self) -> str:
        return f"<ExternalServer {self.version} on {self.host}:{self.port}>"

    def conninfo(self, dbname: str, user: str | None = None, *, options: str = "") -> Conninfo:
        """A connection string for a database; the default user is the fixture's."""
        return Conninfo(
            make_conninfo(
                "",
                host=self.host,
                port=self.port,
                hostaddr="",
                user=user or self.superuser,
                password=self.password,
                dbname=dbname,
                options=f"{self._options} {options}".strip(),
                client_encoding="UTF8",
            )
        )

    def maintenance_conninfo(self, dbname: str) -> Conninfo:
        """A connection string for our own sessions: settings of a tree do not apply to them."""
        return self.conninfo(dbname, options=maintenance_options(self.major))

    @contextmanager
    def build_lock(self) -> Iterator[None]:
        """Wait until no other tree is built on this server: two trees may create the same role."""
        # The session could take its advisory lock twice: threads of this process need a lock, too.
        with self._build_lock:
            while self._open and not self._try_lock(_BUILD_LOCK):
                time.sleep(0.02)
            try:
                yield
            finally:
                if not self._session.closed:
                    self._session.execute(_UNLOCK, (_BUILD_LOCK,))

    def stop(self) -> None:
        """Drop every database that this run made; do nothing if the server has stopped."""
        with self._lock:
            if not self._open:
                return
            self._open = False
        try:
            self._drop_databases(self.mark)
        except psycopg.OperationalError:
            if not self._session.broken:
                raise
        finally:
            self._session.close()

    leave = stop

    def keep(self) -> None:
        """Leave the databases in place; the next run drops them."""
        with self._lock:
            self._open = False
        self._session.close()

    def _try_lock(self, name: str) -> bool:
        """Take the advisory lock of this name, unless another session holds it."""
        return self._session.execute(_TRY_LOCK, (name,)).fetchone() == (True,)

    def _check_requirements(self) -> None:
        """Raise ServerError for a server that is too old, or a user that is not a superuser."""
        if self.major < OLDEST:
            raise ServerError(
                f"The server on {self.host}:{self.port} is PostgreSQL {self.version}; "
                f"trees can be built on {OLDEST} and later."
            )
        if self._session.info.parameter_status("is_superuser") != "on":
            raise ServerError(
                f"{self.superuser} is not a superuser on {self.host}:{self.port}. Let the fixture "
                "connect as a superuser, or remove the key `server`: then the plugin starts its "
                "own servers."
            )

    def _drop_stale_databases(self) -> None:
        """Drop the databases of runs that were killed."""
        given = {"mark": _MARK_PREFIX, "prefix": DATABASE_PREFIX}
        for (mark,) in self._session.execute(_FIND_MARKS, given).fetchall():
            if self._try_lock(mark):
                self._drop_databases(mark)
                self._session.execute(_UNLOCK, (mark,))

    def _drop_databases(self, mark: str) -> None:
        """Drop the databases of the run that has this mark."""
        prefix = f"{DATABASE_PREFIX}{mark.removeprefix(_MARK_PREFIX)}_"
        made = self._session.execute(_FIND_DATABASES, {"mark": mark, "prefix": prefix}).fetchall()
        for (name,) in made:
            statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
            self._session.execute(statement.format(sql.Identifier(name)))
