"""Cut off statements that no timeout of the server ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import psycopg


@contextmanager
def cut_off(connection: psycopg.Connection, seconds: float) -> Iterator[None]:
    """Cancel what runs after so many seconds, and again where a function catches that."""
    ended = Event()

    def watch() -> None:
        while not ended.wait(seconds):
            connection.cancel()

    watching = Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield
    finally:
        ended.set()
        watching.join()
