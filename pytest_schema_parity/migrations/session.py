"""A session with a server: statements in one round trip, or one by one."""

from __future__ import annotations

import re
import select
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

import psycopg
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.migrations.failure import Complaint
from pytest_schema_parity.postgres.address import connect, undo_environment

_RECOVERY: Final = 15.0
"""Seconds that a server may need to stand up again after one of its backends died."""

_NOTICING: Final = 0.1
"""Seconds in which a server notices that a backend has died."""

_LASTING: Final = re.compile(r"\balter\s+(?:role|user|database|system)\b|\bload\b", re.IGNORECASE)
"""What changes a session that is yet to start, and not one that is only reset."""

_FIELD = pq.DiagnosticField
_STATUS = pq.ExecStatus


@dataclass(frozen=True, slots=True)
class Command:
    """One command for a server, with its parameters in text form, and the data it reads."""

    text: str
    parameters: tuple[str, ...] = ()
    copy_data: str | None = None


class Session:
    """A connection in autocommit that can be made as good as new; a context manager.

    ``statement_timeout`` is in seconds.  A command that sets its own has its own.  Once ``ended``
    says so, the server is not waited for.
    """

    def __init__(
        self,
        conninfo: str,
        *,
        statement_timeout: float | None,
        ended: Callable[[], bool] = lambda: False,
    ) -> None:
        self.conninfo = _with_timeout(conninfo, statement_timeout)
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
        if self.connection.broken:
            self.connection = self._reconnect()
        elif _LASTING.search(after) and (connection := self._connect_if_allowed()) is not None:
            self.connection.close()
            self.connection = connection
        else:
            self._one(Command("DISCARD ALL"))
            with suppress(psycopg.Error):  # a session that cannot be used shows with what comes
                undo_environment(self.connection)

    def pipeline(self, commands: Sequence[Command]) -> tuple[int, Complaint] | None:
        """Run commands as one transaction in one round trip.

        Returns the index of the one that failed, and why (then all are undone); the index is that
        of none of them where only the commit failed.
        """
        pgconn = self.connection.pgconn
        pgconn.enter_pipeline_mode()
        pgconn.nonblocking = 1
        failure = self._send_and_read(commands)
        if pgconn.status == pq.ConnStatus.OK:
            pgconn.nonblocking = 0
            pgconn.exit_pipeline_mode()
        return failure

    def one_by_one(self, commands: Sequence[Command]) -> tuple[int, Complaint] | None:
        """Run commands as they come, each its own transaction unless they say otherwise.

        Returns the index of the one that failed, and why; what it left open is then undone.
        """
        for index, command in enumerate(commands):
            complaint = self._one(command)
            if complaint is not None:
                if not self.connection.broken:
                    self._one(Command("ROLLBACK"))
                return index, complaint
        return None

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

    def _send_and_read(self, commands: Sequence[Command]) -> tuple[int, Complaint] | None:
        """Send a pipeline and read its results up to the end; the first failure, by index."""
        pgconn = self.connection.pgconn
        failure, answered = None, 0
        try:
            for command in commands:
                parameters = [text.encode() for text in command.parameters]
                pgconn.send_query_params(command.text.encode(), parameters or None)
            pgconn.pipeline_sync()
            self._flush()
            while (result := self._next_result()) is None or result.status != _STATUS.PIPELINE_SYNC:
                if result is None:
                    continue
                if result.status == _STATUS.FATAL_ERROR and failure is None:
                    failure = answered, _complaint(result)
                answered += 1
        except psycopg.OperationalError as error:
            return failure or (answered, _lost(error))
        return failure

    def _one(self, command: Command) -> Complaint | None:
        """Run one command by the simple protocol, which takes several in one text."""
        pgconn = self.connection.pgconn
        complaint = None
        try:
            if command.parameters:
                parameters = [text.encode() for text in command.parameters]
                pgconn.send_query_params(command.text.encode(), parameters)
            else:
                pgconn.send_query(command.text.encode())
            self._flush()
            while (result := self._next_result()) is not None:
                if result.status == _STATUS.COPY_IN:
                    pgconn.put_copy_data((command.copy_data or "").encode())
                    pgconn.put_copy_end()
                elif result.status == _STATUS.COPY_OUT:
                    while pgconn.get_copy_data(0)[0] > 0:
                        pass
                elif result.status == _STATUS.FATAL_ERROR and complaint is None:
                    complaint = _complaint(result)
        except psycopg.OperationalError as error:
            return complaint or _lost(error)
        return complaint

    def _flush(self) -> None:
        """Send what is waiting; read meanwhile, as a server that cannot write does not read."""
        pgconn = self.connection.pgconn
        while pgconn.flush():
            readable, _, _ = select.select([pgconn.socket], [pgconn.socket], [])
            if readable:
                pgconn.consume_input()

    def _next_result(self) -> pq.abc.PGresult | None:
        pgconn = self.connection.pgconn
        while pgconn.is_busy():
            select.select([pgconn.socket], [], [])
            pgconn.consume_input()
        return pgconn.get_result()


def _lost(error: psycopg.OperationalError) -> Complaint:
    """What there is to say of a connection that ended."""
    return Complaint("08006", f"the connection was lost: {str(error).splitlines()[0]}")


def _complaint(result: pq.abc.PGresult) -> Complaint:
    def field(code: pq.DiagnosticField) -> str | None:
        value = result.error_field(code)
        return None if value is None else value.decode("utf-8", "replace")

    def number(code: pq.DiagnosticField) -> int | None:
        value = result.error_field(code)
        return None if value is None else int(value)

    message = field(_FIELD.MESSAGE_PRIMARY) or result.get_error_message().strip()
    return Complaint(
        field(_FIELD.SQLSTATE),
        message,
        field(_FIELD.MESSAGE_DETAIL),
        field(_FIELD.MESSAGE_HINT),
        number(_FIELD.STATEMENT_POSITION),
        field(_FIELD.INTERNAL_QUERY),
        number(_FIELD.INTERNAL_POSITION),
        field(_FIELD.CONTEXT) or "",
    )


def _with_timeout(conninfo: str, seconds: float | None) -> str:
    """Give every session of a conninfo a statement timeout that RESET ALL does not take away."""
    if seconds is None:
        return make_conninfo(conninfo, client_encoding="UTF8")
    given = conninfo_to_dict(conninfo).get("options") or ""
    options = f"{given} -c statement_timeout={max(round(seconds * 1000), 1)}".strip()
    return make_conninfo(conninfo, client_encoding="UTF8", options=options)
