"""Send commands to a server and read the results: several in one round trip, or one by one."""

from __future__ import annotations

import re
import select
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import psycopg
from psycopg import pq

from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.migrations.failure import Complaint

_GRACE: Final = 1.0
"""Seconds after the timeout in which the server should have cancelled a statement itself."""
_CANCEL_TIMEOUT: Final = 5.0
"""Seconds in which a cancel request takes effect; the server cannot end a program that it runs."""
_CHUNK: Final = 2**16
"""The size in bytes of the pieces in which the data of a COPY is sent."""
_MAY_EXCEED_TIMEOUT: Final = re.compile(r"statement_timeout|\bprogram\b", re.IGNORECASE)
"""Statements that the server may not cancel in time itself."""
_CANCELED: Final = "57014"
_TIMEOUT_MESSAGE: Final = "canceling statement due to statement timeout"

_FIELD = pq.DiagnosticField
_STATUS = pq.ExecStatus


@dataclass(frozen=True, slots=True)
class Request:
    """A command for a server, with its parameters as text and the data of its COPY."""

    text: str
    parameters: tuple[str, ...] = ()
    copy_data: str | None = None


class Exchange:
    """Runs commands on a connection and cancels those that exceed the timeout.

    ``statement_timeout`` is in seconds.  The server enforces it unless a command turns it off; then
    a command that takes longer is cancelled from here.  Raises ServerError if it still does not
    end: other sessions would wait for its locks.
    """

    # In a pipeline the server buffers results, so the end of a single command is not seen unless
    # a flush request follows it, which takes a fifth longer if statements are small.

    def __init__(self, connection: psycopg.Connection, statement_timeout: float | None) -> None:
        self._pgconn = connection.pgconn
        self._timeout = statement_timeout
        self._flushes_each = True
        self._is_overdue = False
        self._started = time.monotonic()
        self._deadline: float | None = None

    def pipeline(self, commands: Sequence[Request]) -> tuple[int, Complaint] | None:
        """Run commands as one transaction in one round trip.

        Returns the index of the command that failed, and the error; all are then rolled back.
        If only the commit failed, the index is the number of commands.
        """
        pgconn = self._pgconn
        try:
            pgconn.enter_pipeline_mode()
        except psycopg.OperationalError as error:
            return 0, _lost_connection(error)
        pgconn.nonblocking = 1
        self._flushes_each = any(_MAY_EXCEED_TIMEOUT.search(command.text) for command in commands)
        # A function that a command calls may turn the limit off, too.
        self._set_deadline(1 if self._flushes_each else len(commands))
        failure = self._send_and_read(commands)
        if pgconn.status == pq.ConnStatus.OK:
            pgconn.nonblocking = 0
            pgconn.exit_pipeline_mode()
        return failure

    def _send_and_read(self, commands: Sequence[Request]) -> tuple[int, Complaint] | None:
        """Send a pipeline and read its results up to the end; the first failure, by index."""
        pgconn = self._pgconn
        failure, answered = None, 0
        try:
            for command in commands:
                parameters = [text.encode() for text in command.parameters]
                pgconn.send_query_params(command.text.encode(), parameters or None)
                if self._flushes_each:
                    pgconn.send_flush_request()
            pgconn.pipeline_sync()
            self._flush()
            while (result := self._next_result()) is None or result.status != _STATUS.PIPELINE_SYNC:
                if result is None:
                    continue
                if result.status == _STATUS.FATAL_ERROR and failure is None:
                    failure = answered, self._complaint(result)
                answered += 1
                if self._flushes_each:
                    self._set_deadline(1)
        except psycopg.OperationalError as error:
            return failure or (answered, _lost_connection(error))
        return failure

    def one(self, command: Request) -> Complaint | None:
        """Run one command by the simple protocol, which takes several in one text."""
        self._pgconn.nonblocking = 1
        self._set_deadline(1)
        complaint = self._send_and_read_one(command)
        if self._pgconn.status == pq.ConnStatus.OK:
            self._pgconn.nonblocking = 0
        return complaint

    def _send_and_read_one(self, command: Request) -> Complaint | None:
        """Send one command and read its results up to the end; the first error, or None."""
        pgconn = self._pgconn
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
                    self._send_copy_data((command.copy_data or "").encode())
                elif result.status == _STATUS.COPY_OUT:
                    self._discard_copy_data()
                elif result.status == _STATUS.FATAL_ERROR and complaint is None:
                    complaint = self._complaint(result)
                self._set_deadline(1)
        except psycopg.OperationalError as error:
            return complaint or _lost_connection(error)
        return complaint

    def _send_copy_data(self, data: bytes) -> None:
        """Send the data of a COPY."""
        for start in range(0, len(data), _CHUNK):
            while not self._pgconn.put_copy_data(data[start : start + _CHUNK]):
                self._wait(sending=True)
            self._flush()
        while not self._pgconn.put_copy_end():
            self._wait(sending=True)
        self._flush()

    def _discard_copy_data(self) -> None:
        """Read and discard the data of a COPY TO STDOUT."""
        while (size := self._pgconn.get_copy_data(1)[0]) >= 0:
            if size == 0:  # nothing yet
                self._wait()

    def _flush(self) -> None:
        """Send buffered data; read meanwhile, as a server that cannot write stops reading."""
        while self._pgconn.flush():
            self._wait(sending=True)

    def _next_result(self) -> pq.abc.PGresult | None:
        while self._pgconn.is_busy():
            self._wait()
        return self._pgconn.get_result()

    def _set_deadline(self, commands: int) -> None:
        """Set the deadline for a number of commands."""
        self._started = time.monotonic()
        if self._timeout is not None:
            self._deadline = self._started + (self._timeout + _GRACE) * commands

    def _wait(self, *, sending: bool = False) -> None:
        """Wait until the connection can be read or written; after the deadline, cancel."""
        if self._is_ready(sending):
            return
        if self._is_overdue:
            limit = f"{self._timeout:g} seconds"
            raise ServerError(f"a statement takes longer than {limit} and cannot be cancelled")
        self._is_overdue = True
        self._deadline = time.monotonic() + _CANCEL_TIMEOUT
        self._pgconn.get_cancel().cancel()

    def _is_ready(self, sending: bool) -> bool:
        """Whether data can be read or sent before the deadline, which a NOTICE does not extend."""
        patience = None if self._deadline is None else self._deadline - time.monotonic()
        if patience is not None and patience <= 0:
            return False
        wanted = select.POLLIN | (select.POLLOUT if sending else 0)
        poller = select.poll()
        poller.register(self._pgconn.socket, wanted)
        found = poller.poll(None if patience is None else patience * 1000)
        if any(event & ~select.POLLOUT for _, event in found):
            self._pgconn.consume_input()
        return bool(found)

    def _complaint(self, result: pq.abc.PGresult) -> Complaint:
        """The server's error; for a timeout, with a hint that the limit is in the configuration."""
        complaint = _complaint(result)
        if complaint.sqlstate != _CANCELED or self._timeout is None:
            return complaint
        took = time.monotonic() - self._started
        if not self._is_overdue and (complaint.message != _TIMEOUT_MESSAGE or took < self._timeout):
            return complaint  # cancelled by another session, or by a timeout that the file set
        hint = f"The configuration sets statement_timeout to {self._timeout:g} seconds."
        return replace(complaint, message=_TIMEOUT_MESSAGE, hint=hint)


def _lost_connection(error: psycopg.OperationalError) -> Complaint:
    """The error for a connection that was lost."""
    reason = str(error).strip().partition("\n")[0] or "without a reason"
    return Complaint("08006", f"the connection was lost: {reason}")


def _complaint(result: pq.abc.PGresult) -> Complaint:
    """The error in a result of the server."""

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
