"""A session with a server: statements in one round trip, or one by one."""

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
from pytest_schema_parity.migrations.exchange import Command, Exchange
from pytest_schema_parity.migrations.failure import Complaint
from pytest_schema_parity.postgres.address import connect, reset_environment_settings
from pytest_schema_parity.postgres.conninfo import Conninfo

_RECOVERY: Final = 15.0
"""Seconds that a server may need to stand up again after one of its backends died."""

_NOTICING: Final = 0.1
"""Seconds in which a server notices that a backend has died."""

_LASTING: Final = re.compile(r"\balter\s+(?:role|user|database|system)\b|\bload\b", re.IGNORECASE)
"""What changes a session that is yet to start, and not one that is only reset."""


class Session:
    """A connection in autocommit that can be made as good as new; a context manager.

    ``statement_timeout`` is in seconds; a command that sets a longer one does not have it.  Once
    ``ended`` says so, the server is not waited for.
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
        """Whether a backslash in a plain string is one: ``standard_conforming_strings``."""
        return self.connection.pgconn.parameter_status(b"standard_conforming_strings") != b"off"

    def undo_what_is_open(self) -> bool:
        """Roll a transaction back that was left open; whether there was one."""
        status = self.connection.pgconn.transaction_status
        is_open = status in (pq.TransactionStatus.INTRANS, pq.TransactionStatus.INERROR)
        if is_open:
            self._one(Command("ROLLBACK"))
        return is_open

    def renew(self, *, after: str = "") -> None:
        """Forget all settings, roles, temporary tables and locks: a session as at its start.

        ``after`` is what was run in it: some statements only show in a session that is really new.
        """
        if self.connection.closed:
            self.connection = self._reconnect()
        elif _LASTING.search(after) and (connection := self._connect_if_allowed()) is not None:
            self.connection.close()
            self.connection = connection
        elif self._one(Command("DISCARD ALL")) is not None and self.connection.closed:
            self.connection = self._reconnect()  # timed out meanwhile, as the file wanted it
        else:
            with suppress(psycopg.Error):  # a session that cannot be used shows with what comes
                reset_environment_settings(self.connection)

    def pipeline(self, commands: Sequence[Command]) -> tuple[int, Complaint] | None:
        """Run commands as one transaction in one round trip, see :meth:`Exchange.pipeline`."""
        return self._exchange().pipeline(commands)

    def one_by_one(self, commands: Sequence[Command]) -> tuple[int, Complaint] | None:
        """Run commands as they come, each its own transaction unless they say otherwise.

        Returns the index of the one that failed, and why; what it left open is then undone.
        """
        for index, command in enumerate(commands):
            complaint = self._one(command)
            if complaint is not None:
                if not self.connection.closed:
                    self._one(Command("ROLLBACK"))
                return index, complaint
        return None

    def _one(self, command: Command) -> Complaint | None:
        return self._exchange().one(command)

    def _exchange(self) -> Exchange:
        return Exchange(self.connection, self._timeout)

    def _connect(self) -> psycopg.Connection:
        connection = connect(self.conninfo)
        connection.prepare_threshold = None  # DISCARD ALL would take what was prepared
        return connection

    def _connect_if_allowed(self) -> psycopg.Connection | None:
        """A new connection; None where the tree took its own role's right to one."""
        try:
            return self._connect()
        except ServerError:
            return None

    def _reconnect(self) -> psycopg.Connection:
        """Connect anew; a server that lost a backend first notices, then ends them all."""
        give_up = time.monotonic() + _RECOVERY
        while not self._ended():
            time.sleep(_NOTICING)
            try:
                connection = self._connect()
                time.sleep(_NOTICING)
                connection.execute("SELECT 1")
            except (ServerError, psycopg.OperationalError):
                if time.monotonic() > give_up:
                    raise
            else:
                return connection
        raise ServerError("the run ended while its trees were being built")


def _with_settings(conninfo: str, statement_timeout: float | None) -> Conninfo:
    """Give every session of a conninfo settings that RESET ALL does not take away.

    What is committed is in the log at once, so that a crash undoes no file before the one that made
    it; and nobody is timed out while we are at something else.
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
