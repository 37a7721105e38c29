"""Cancel statements that outlast their timeout; terminate a session that ignores that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import Final

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

MAX_CANCELS: Final = 5
"""How often a statement is cancelled, which a routine can catch, before its backend is ended."""
CANCEL_INTERVAL: Final = 1.0
"""Seconds between two cancel requests."""
GRACE: Final = 0.5
"""Seconds after its own timeout in which a statement should have ended."""


class CannotCancelError(Exception):
    """A statement caught its cancellations, so its backend was terminated."""


@contextmanager
def cancel_after(connection: psycopg.Connection, seconds: float) -> Iterator[None]:
    """Cancel the statement that still runs after so many seconds.

    If that fails repeatedly, the connection's backend is terminated: raises CannotCancelError.
    """
    ended = Event()
    terminated = Event()

    def watch() -> None:
        """Cancel the statement, and at last terminate its backend, until the block has ended."""
        waited = seconds
        for _ in range(MAX_CANCELS):
            if ended.wait(waited):
                return
            connection.cancel()
            waited = CANCEL_INTERVAL
        if not ended.wait(waited):
            terminated.set()
            _terminate(connection)

    watching = Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield
    except psycopg.OperationalError as error:
        if terminated.is_set() and connection.closed:
            raise CannotCancelError(str(error)) from error
        raise
    finally:
        ended.set()
        watching.join()


def execute_within(
    connection: psycopg.Connection, query: str | sql.Composed, seconds: float
) -> psycopg.Cursor:
    """Execute a query in an open transaction, for so many seconds at most.

    Raises QueryCanceled after that.  Code that the query runs may set another timeout, or catch the
    cancellation; raises CannotCancelError if it does so repeatedly.
    """
    limit = max(round(seconds * 1000), 1)
    connection.execute(f"SET LOCAL statement_timeout = {limit}".encode())
    with cancel_after(connection, seconds + GRACE):
        return connection.execute(query.encode() if isinstance(query, str) else query)


def _terminate(connection: psycopg.Connection) -> None:
    """Terminate the backend of a connection, if it still runs, through another connection."""
    info = connection.info
    with suppress(psycopg.OperationalError):
        other = psycopg.connect(make_conninfo(info.dsn, password=info.password), autocommit=True)
        with other:
            other.execute("SELECT pg_terminate_backend(%s)", [info.backend_pid])
