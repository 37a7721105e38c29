"""A server that the project lends us: we make databases there, and drop those and no others.

Each bears the run's token in its name, and in a comment where a project names it itself; the run
holds an advisory lock by that token: where it can be taken the run was killed, and the next one
drops what that left.
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
"""How the names of our databases begin, those apart that a project names itself."""
_MARK_PREFIX: Final = "made by pytest-schema-parity, run "
# A run that was killed while it made a database left one without a comment.
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
# By their names, too: a tree may have commented on its own database.
_FIND_DATABASES: Final = """
SELECT datname FROM pg_catalog.pg_database
WHERE pg_catalog.shobj_description(oid, 'pg_database') = %(mark)s
    OR pg_catalog.starts_with(datname, %(prefix)s)
"""
_TRY_LOCK: Final = "SELECT pg_catalog.pg_try_advisory_lock(pg_catalog.hashtextextended(%s, 0))"
_BUILD_LOCK: Final = "pytest-schema-parity builds"
_UNLOCK: Final = "SELECT pg_catalog.pg_advisory_unlock(pg_catalog.hashtextextended(%s, 0))"


class Executor(Protocol):
    """What pytest-postgresql tells of a server that it runs, or only knows of."""

    host: str
    port: int
    user: str
    password: str | None
    options: str


class ExternalServer:
    """Somebody else's server, and in it the databases that this run made; :meth:`stop` drops them.

    Raises ServerError if it cannot be used: it has to be of version 15 or later, and the user that
    the project connects as a superuser.
    """

    maintenance = "postgres"
    strategy = "WAL_LOG"
    """A copy of files would want two checkpoints, of a server that may be slow at them."""

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
        self._session = connect(self.conninfo(self.maintenance))
        try:
            self.major = self._session.info.server_version // 10000
            self.version = str(self._session.info.parameter_status("server_version")).split()[0]
            self._check_requirements()
            # Its end would give up the lock.
            self._session.execute("SET idle_session_timeout = 0")
            self._drop_stale_databases()
            self._try_lock(self.mark)
        except BaseException:
            self._session.close()
            raise

    def __repr__(self) -> str:
        return f"<ExternalServer {self.version} on {self.host}:{self.port}>"

    def conninfo(self, dbname: str, user: str | None = None, *, options: str = "") -> Conninfo:
        """A connection string; without a user it is the one that the project connects as."""
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
        """A connection string for our own work, which nothing that a tree sets changes."""
        return self.conninfo(dbname, options=maintenance_options(self.major))

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until nobody else builds here: roles are everybody's, and two trees may make one."""
        with (
            self._build_lock
        ):  # for threads of this process, whose session could take the lock twice
            while self._open and self._session.execute(_TRY_LOCK, (_BUILD_LOCK,)).fetchone() != (
                True,
            ):
                time.sleep(0.02)
            try:
                yield
            finally:
                if not self._session.closed:
                    self._session.execute(_UNLOCK, (_BUILD_LOCK,))

    def stop(self) -> None:
        """Drop every database that this run made; nothing, if the server is gone by now."""
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
        """Let the databases stay until the next run drops what earlier ones left."""
        with self._lock:
            self._open = False
        self._session.close()

    def _try_lock(self, name: str) -> bool:
        """Take the advisory lock of this name, unless another session holds it."""
        return self._session.execute(_TRY_LOCK, (name,)).fetchone() == (True,)

    def _check_requirements(self) -> None:
        if self.major < OLDEST:
            raise ServerError(
                f"The server on {self.host}:{self.port} is PostgreSQL {self.version}; "
                f"trees can be built on {OLDEST} and later."
            )
        if self._session.info.parameter_status("is_superuser") != "on":
            raise ServerError(
                f"{self.superuser} is no superuser on {self.host}:{self.port}. Let the fixture "
                "connect as one, or leave out the key `server`: then clusters of our own are used."
            )

    def _drop_stale_databases(self) -> None:
        """Drop what runs left that were killed."""
        given = {"mark": _MARK_PREFIX, "prefix": DATABASE_PREFIX}
        for (mark,) in self._session.execute(_FIND_MARKS, given).fetchall():
            if self._try_lock(mark):
                self._drop_databases(mark)
                self._session.execute(_UNLOCK, (mark,))

    def _drop_databases(self, mark: str) -> None:
        prefix = f"{DATABASE_PREFIX}{mark.removeprefix(_MARK_PREFIX)}_"
        made = self._session.execute(_FIND_DATABASES, {"mark": mark, "prefix": prefix}).fetchall()
        for (name,) in made:
            statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
            self._session.execute(statement.format(sql.Identifier(name)))
