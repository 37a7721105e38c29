"""Cut off statements that no timeout of the server ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import Final

import psycopg
from psycopg.conninfo import make_conninfo

CANCELS: Final = 5
"""How often a statement is cancelled, which a routine can catch, before its server process ends."""
AGAIN: Final = 1.0
"""Seconds between two of these."""


class CannotCancelError(Exception):
    """A statement that catches its cancellation was ended with its connection."""


@contextmanager
def cut_off(connection: psycopg.Connection, seconds: float) -> Iterator[None]:
    """Cancel what runs after so many seconds; raises CannotCancelError where that does not help."""
    ended = Event()
    terminated = Event()

    def watch() -> None:
        waited = seconds
        for _ in range(CANCELS):
            if ended.wait(waited):
                return
            connection.cancel()
            waited = AGAIN
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


def _terminate(connection: psycopg.Connection) -> None:
    """End the server process of a connection, through another one; it may have ended by itself."""
    info = connection.info
    with suppress(psycopg.OperationalError):
        other = psycopg.connect(make_conninfo(info.dsn, password=info.password), autocommit=True)
        with other:
            other.execute("SELECT pg_terminate_backend(%s)", [info.backend_pid])
