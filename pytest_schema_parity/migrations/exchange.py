"""What goes to a server and comes back: several commands in one round trip, or one by one."""

from __future__ import annotations

import re
import select
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import psycopg
from psycopg import pq

from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.migrations.failure import Complaint

_GRACE: Final = 1.0
"""Seconds that the server has to end by itself what takes longer than it may."""
_OBEYING: Final = 5.0
"""Seconds in which the server ends what it is told to; what a program does, it cannot end."""
_UNLIMITED: Final = re.compile(r"statement_timeout|\bprogram\b", re.IGNORECASE)
"""What the server may not end in time by itself."""
_CANCELED: Final = "57014"
_OVERDUE: Final = "canceling statement due to statement timeout"

_FIELD = pq.DiagnosticField
_STATUS = pq.ExecStatus


@dataclass(frozen=True, slots=True)
class Command:
    """One command for a server, with its parameters in text form, and the data it reads."""

    text: str
    parameters: tuple[str, ...] = ()
    copy_data: str | None = None


class Exchange:
    """Talks to a server through a connection, and waits no longer than it has to.

    ``statement_timeout`` is in seconds.  The server keeps it by itself unless a command takes it
    off; then what takes longer is canceled from here.  Raises ServerError if it goes on even so:
    whoever wanted what it holds locked would wait for it.
    """

    # In a pipeline the server keeps answers back until it has many, and silence means nothing: it
    # has to be asked for each of them, which takes a fifth longer where statements are small.

    def __init__(self, connection: psycopg.Connection, statement_timeout: float | None) -> None:
        self._pgconn = connection.pgconn
        self._timeout = statement_timeout
        self._watching = True
        self._overdue = False

    def pipeline(self, commands: Sequence[Command]) -> tuple[int, Complaint] | None:
        """Run commands as one transaction in one round trip.

        Returns the index of the one that failed, and why (then all are undone); the index is that
        of none of them where only the commit failed.
        """
        pgconn = self._pgconn
        try:
            pgconn.enter_pipeline_mode()
        except psycopg.OperationalError as error:
            return 0, _lost(error)
        pgconn.nonblocking = 1
        self._watching = any(_UNLIMITED.search(command.text) for command in commands)
        failure = self._send_and_read(commands)
        if pgconn.status == pq.ConnStatus.OK:
            pgconn.nonblocking = 0
            pgconn.exit_pipeline_mode()
        return failure

    def _send_and_read(self, commands: Sequence[Command]) -> tuple[int, Complaint] | None:
        """Send a pipeline and read its results up to the end; the first failure, by index."""
        pgconn = self._pgconn
        failure, answered = None, 0
        try:
            for command in commands:
                parameters = [text.encode() for text in command.parameters]
                pgconn.send_query_params(command.text.encode(), parameters or None)
                if self._watching:
                    pgconn.send_flush_request()
            pgconn.pipeline_sync()
            self._flush()
            while (result := self._next_result()) is None or result.status != _STATUS.PIPELINE_SYNC:
                if result is None:
                    continue
                if result.status == _STATUS.FATAL_ERROR and failure is None:
                    failure = answered, self._complaint(result)
                answered += 1
        except psycopg.OperationalError as error:
            return failure or (answered, _lost(error))
        return failure

    def one(self, command: Command) -> Complaint | None:
        """Run one command by the simple protocol, which takes several in one text."""
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
                    pgconn.put_copy_data((command.copy_data or "").encode())
                    pgconn.put_copy_end()
                elif result.status == _STATUS.COPY_OUT:
                    while pgconn.get_copy_data(0)[0] > 0:
                        pass
                elif result.status == _STATUS.FATAL_ERROR and complaint is None:
                    complaint = self._complaint(result)
        except psycopg.OperationalError as error:
            return complaint or _lost(error)
        return complaint

    def _flush(self) -> None:
        """Send what is waiting; read meanwhile, as a server that cannot write does not read."""
        while self._pgconn.flush():
            self._wait(sending=True)

    def _next_result(self) -> pq.abc.PGresult | None:
        while self._pgconn.is_busy():
            self._wait()
        return self._pgconn.get_result()

    def _wait(self, *, sending: bool = False) -> None:
        """Wait until the server answers, or takes more; cancel what takes longer than it may."""
        patience = self._timeout + _GRACE if self._timeout and self._watching else None
        if not self._ready(patience, sending):
            self._overdue = True
            self._pgconn.get_cancel().cancel()
            if not self._ready(_OBEYING, sending):
                limit = f"{self._timeout:g} seconds"
                raise ServerError(f"a statement takes longer than {limit} and cannot be canceled")

    def _ready(self, patience: float | None, sending: bool) -> bool:
        socket = [self._pgconn.socket]
        readable, writable, _ = select.select(socket, socket if sending else [], [], patience)
        if readable:
            self._pgconn.consume_input()
        return bool(readable or writable)

    def _complaint(self, result: pq.abc.PGresult) -> Complaint:
        """What the server says, with what it cannot know: the limit is the configuration's."""
        complaint = _complaint(result)
        if complaint.sqlstate != _CANCELED or self._timeout is None:
            return complaint
        if not self._overdue and complaint.message != _OVERDUE:
            return complaint
        hint = f"The configuration allows a statement {self._timeout:g} seconds: statement_timeout."
        return replace(complaint, message=_OVERDUE, hint=hint)


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
