"""Connect to two databases, and run the same work on both, in a thread each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Final, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict

from pytest_schema_parity.behavior.same_now import PATIENCE, begin_together
from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.postgres.conninfo import open_connection

PINNED: Final = (
    "-c TimeZone=UTC -c DateStyle=ISO,MDY -c IntervalStyle=postgres -c extra_float_digits=1"
    " -c bytea_output=hex -c jit=off -c max_parallel_workers_per_gather=0"
)
"""The formats of values, given at connection so that RESET ALL restores them; and no parallel
workers, which make the order of aggregation random."""

Returned = TypeVar("Returned")


@dataclass(frozen=True, slots=True)
class OpenSide:
    """A tree's scratch database, in one transaction from the first seed to the last row."""

    tree: str
    connection: psycopg.Connection

    def attempt(self, sql: str, copy_data: str | None = None) -> psycopg.Error | None:
        """Run SQL, or COPY with its data; when it fails, undo all of it and return the error."""
        self.connection.execute("SAVEPOINT attempt")
        try:
            if copy_data is None:
                self.connection.execute(sql.encode())
            else:
                with self.connection.cursor().copy(sql.encode()) as copy:
                    copy.write(copy_data)
        except psycopg.Error as error:
            self.undo(error)
            return error
        return None

    def keep(self) -> None:
        """Keep what the last :meth:`attempt` did."""
        self.connection.execute("RELEASE SAVEPOINT attempt")

    def undo(self, cause: psycopg.Error | None = None) -> None:
        """Roll back to before the last :meth:`attempt`."""
        if self.connection.closed:
            raise ServerError(f"{self.tree}: the server closed the connection: {cause}")
        self.connection.execute("ROLLBACK TO SAVEPOINT attempt; RELEASE SAVEPOINT attempt")


@dataclass(frozen=True, slots=True)
class OpenSides:
    """Both sides, whose transactions began ``apart`` microseconds from each other."""

    reference: OpenSide
    candidate: OpenSide
    apart: int
    _pool: ThreadPoolExecutor

    def both(self, work: Callable[[OpenSide], Returned]) -> tuple[Returned, Returned]:
        """Call a function for both sides at the same time; return both results."""
        candidate = self._pool.submit(work, self.candidate)
        reference = work(self.reference)
        return reference, candidate.result()

    def __iter__(self) -> Iterator[OpenSide]:
        return iter((self.reference, self.candidate))


@contextmanager
def open_sides(
    reference: tuple[str, str],
    candidate: tuple[str, str],
    *,
    statement_timeout: float | None = None,
    patience: float = PATIENCE,
) -> Iterator[OpenSides]:
    """Connect to two (tree, conninfo) and begin a transaction on both, with the same now().

    The context closes the connections.  ``statement_timeout`` (in seconds) applies to every
    statement; the same now() is tried for ``patience`` seconds.
    """
    options = PINNED
    if statement_timeout is not None:
        options += f" -c statement_timeout={statement_timeout * 1000:.0f}"
    with (
        ThreadPoolExecutor(1, thread_name_prefix="schema-parity-rows") as pool,
        closing(_open_side(reference[1], options)) as first,
        closing(_open_side(candidate[1], options)) as second,
    ):
        apart = begin_together(first, second, patience=patience)
        for connection in (first, second):
            connection.execute("SELECT setseed(0.5)")
        yield OpenSides(OpenSide(reference[0], first), OpenSide(candidate[0], second), apart, pool)


def _open_side(conninfo: str, options: str) -> psycopg.Connection:
    """Connect with options in addition to those of the conninfo."""
    own = conninfo_to_dict(conninfo).get("options") or ""
    return open_connection(
        conninfo,
        prepare_threshold=None,
        options=f"{own} {options}",
        client_encoding="UTF8",
    )
