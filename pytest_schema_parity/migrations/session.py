"""A session with a server, which can be reset between files, or replaced by a new one."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

import psycopg
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.migrations.failure import Complaint
from pytest_schema_parity.migrations.protocol import Exchange, Request
from pytest_schema_parity.postgres.address import connect, reset_environment_settings
from pytest_schema_parity.postgres.conninfo import Conninfo

_RECOVERY_TIMEOUT: Final = 15.0
"""Seconds that a server may need to restart after one of its backends crashed."""

_CRASH_DETECTION_DELAY: Final = 0.1
"""Seconds until a server notices that a backend has crashed."""

_NEEDS_NEW_SESSION: Final = re.compile(
    r"\balter\s+(?:role|user|database|system)\b|\bload\b", re.IGNORECASE
)
"""Statements that take effect only in new sessions, so that a reset is not enough."""


class Session:
    """A connection in autocommit that can be reset to its initial state; a context manager.

    ``statement_timeout`` is in seconds; a command cannot extend it.  ``ended`` returns whether the
    run has ended: then a server that was lost is not waited for.
    """

    def __init__(
        self,
        conninfo: str,
        *,
        statement_timeout: float | None,
        ended: Callable[[], bool] = lambda: False,
    ) -> None:
        self.conninfo = _with_settings(conninfo, statement_timeout)
        self._timeout = statement_timeout
        self._ended = ended
        self.connection = self._connect()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.connection.close()

    @property
    def standard_strings(self) -> bool:
        """The server's ``standard_conforming_strings``: a backslash is an ordinary character."""
        return self.connection.pgconn.parameter_status(b"standard_conforming_strings") != b"off"

    def roll_back_if_open(self) -> bool:
        """Roll back a transaction that was left open; return whether there was one."""
        status = self.connection.pgconn.transaction_status
        is_open = status in (pq.TransactionStatus.INTRANS, pq.TransactionStatus.INERROR)
        if is_open:
            self._one(Request("ROLLBACK"))
        return is_open

    def reset_or_reconnect(self, *, after: str = "") -> None:
        """Discard all settings, roles, temporary tables and locks, or connect again.

        ``after`` is the text that was run: some statements take effect in a new session only.
        """
        if self.connection.closed:
            self.connection = self._reconnect()
        elif (
            _NEEDS_NEW_SESSION.search(after)
            and (connection := self._connect_if_allowed()) is not None
        ):
            self.connection.close()
            self.connection = connection
        elif self._one(Request("DISCARD ALL")) is not None and self.connection.closed:
            self.connection = self._reconnect()  # the file set a timeout, and the session ended
        else:
            with suppress(psycopg.Error):  # a session that is unusable fails with the next command
                reset_environment_settings(self.connection)

    def pipeline(self, commands: Sequence[Request]) -> tuple[int, Complaint] | None:
        """Run commands as one transaction in one round trip, see :meth:`Exchange.pipeline`."""
        return self._exchange().pipeline(commands)

    def one_by_one(self, commands: Sequence[Request]) -> tuple[int, Complaint] | None:
        """Run commands one by one, each its own transaction unless they begin one.

        Returns the index of the command that failed, and the error; an open transaction is then
        rolled back.
        """
        for index, command in enumerate(commands):
            complaint = self._one(command)
            if complaint is not None:
                if not self.connection.closed:
                    self._one(Request("ROLLBACK"))
                return index, complaint
        return None

    def _one(self, command: Request) -> Complaint | None:
        return self._exchange().one(command)

    def _exchange(self) -> Exchange:
        return Exchange(self.connection, self._timeout)

    def _connect(self) -> psycopg.Connection:
        connection = connect(self.conninfo)
        connection.prepare_threshold = None  # DISCARD ALL drops prepared statements
        return connection

    def _connect_if_allowed(self) -> psycopg.Connection | None:
        """A new connection; None if the tree revoked its own role's right to connect."""
        try:
            return self._connect()
        except ServerError:
            return None

    def _reconnect(self) -> psycopg.Connection:
        """Connect again; after the crash of a backend, wait until the server has restarted."""
        give_up = time.monotonic() + _RECOVERY_TIMEOUT
        while not self._ended():
            time.sleep(_CRASH_DETECTION_DELAY)
            try:
                connection = self._connect()
                time.sleep(_CRASH_DETECTION_DELAY)
                connection.execute("SELECT 1")
            except (ServerError, psycopg.OperationalError):
                if time.monotonic() > give_up:
                    raise
            else:
                return connection
        raise ServerError("the run ended while its trees were being built")


def _with_settings(conninfo: str, statement_timeout: float | None) -> Conninfo:
    """Add settings to a conninfo that RESET ALL does not reset.

    Commits are synchronous, so that a crash loses only the file that caused it; and idle sessions
    do not time out.
    """
    settings = [
        "synchronous_commit=on",
        "idle_session_timeout=0",
        "idle_in_transaction_session_timeout=0",
    ]
    if statement_timeout is not None:
        settings.append(f"statement_timeout={max(round(statement_timeout * 1000), 1)}")
    given = conninfo_to_dict(conninfo).get("options") or ""
    options = " ".join((str(given), *(f"-c {setting}" for setting in settings))).strip()
    return Conninfo(make_conninfo(conninfo, client_encoding="UTF8", options=options))
