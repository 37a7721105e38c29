"""Begin transactions on two servers in the same microsecond, so that now() is equal.

Seeds and views speak of ``now()``.  Loaded one after the other, two databases would hold times that
differ by chance, and a tolerance wide enough to forgive that would forgive real differences too.
So both transactions begin in the same microsecond, by trying until they do.  The clock of a
transaction stands still: from then on every ``now()``, every ``CURRENT_DATE`` and every age is the
same on both sides, and rows compare exactly.  (What reads the running clock, ``clock_timestamp()``,
still differs, as it does from call to call.)

If a machine cannot do it (both servers share one core), the transactions begin microseconds
apart.  Then columns that depend on now() are left out of rows that differ (see
:mod:`pytest_schema_parity.behavior.rows`).
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import psycopg
from psycopg.pq import ExecStatus

from pytest_schema_parity.errors import ServerError

BUSY_WAIT: Final = (
    "DO $$DECLARE meet timestamptz := to_timestamp({:.6f}); BEGIN"
    " WHILE clock_timestamp() < meet LOOP END LOOP; COMMIT; END$$"
)
"""Busy-waits until a time, then commits; the new implicit transaction reads its now() at that
moment, and the following BEGIN keeps it."""
CLOCK: Final = b"SELECT (extract(epoch FROM now()) * 1000000)::bigint"
START_DELAY: Final = 150e-6
"""Seconds from now to the begin of the transactions: both servers must be waiting by then."""
MAX_SKEW: Final = 20
"""Clocks that differ by more microseconds were disturbed by the scheduler; the try is ignored."""

PATIENCE: Final = 0.2 if (os.cpu_count() or 1) > 1 else 0.05
"""How long to try, in seconds; on one core it cannot succeed."""
LONG_PATIENCE: Final = 5 * PATIENCE
"""How long to try if rows differ, because now() may be the cause."""
MAX_WAIT: Final = 30.0
"""Seconds after which half a millisecond was not reached either: an error."""


def begin_together(
    reference: psycopg.Connection, candidate: psycopg.Connection, *, patience: float = PATIENCE
) -> int:
    """Begin a transaction on both idle connections, with the same now().

    Takes a few tries of half a millisecond, some tens on a busy machine.  Returns how many
    microseconds the candidate's ``now()`` is later: 0, or, after ``patience`` seconds, less than
    500 either way.  Raises ServerError if that is not reached either.
    """
    for connection in (reference, candidate):
        connection.pgconn.enter_pipeline_mode()
    with _on_two_cores(reference, candidate):
        later = _try_until_together(reference, candidate, patience)
    for connection in (reference, candidate):
        connection.pgconn.exit_pipeline_mode()
    return later


def _try_until_together(
    reference: psycopg.Connection, candidate: psycopg.Connection, patience: float
) -> int:
    start = time.monotonic()
    offset = 0
    while True:
        clocks = _begin_both(reference, candidate, offset)
        later = clocks[1] - clocks[0]
        tried = time.monotonic() - start
        if later == 0 or (tried > patience and clocks[0] // 500 == clocks[1] // 500):
            return later
        if tried > MAX_WAIT:
            raise ServerError("two transactions could not begin within half a millisecond")
        step = 1 + abs(later) // 2 if abs(later) < MAX_SKEW else 1
        offset = max(-100, min(100, offset + (step if later > 0 else -step)))


@contextmanager
def _on_two_cores(*connections: psycopg.Connection) -> Iterator[None]:
    """Pin each backend to its own core, as the scheduler may leave both on one."""
    processes = [c.info.backend_pid for c in connections if _is_server_of_ours(c)]
    before: dict[int, set[int]] = {}
    if sys.platform == "linux":
        with suppress(OSError):  # a server elsewhere, or another user's
            for process, core in zip(processes, sorted(os.sched_getaffinity(0)), strict=False):
                before[process] = os.sched_getaffinity(process)
                os.sched_setaffinity(process, {core})
    try:
        yield
    finally:
        for process, cores in before.items():
            with suppress(OSError):
                os.sched_setaffinity(process, cores)


def _is_server_of_ours(connection: psycopg.Connection) -> bool:
    """Whether the plugin started its server: the data directory is beside the socket.

    The PID of a server in a container may belong to another process on this host.
    """
    process = Path("/proc", str(connection.info.backend_pid), "cwd")
    try:
        return process.samefile(Path(connection.info.host, "data"))
    except OSError:
        return False


def _begin_both(
    reference: psycopg.Connection, candidate: psycopg.Connection, offset: int
) -> tuple[int, int]:
    """Begin on both, the candidate ``offset`` microseconds earlier; return the now() of both.

    Each server waits for the time on its own: no message is exchanged then.
    """
    meet = time.time() + START_DELAY
    for connection, moment in ((reference, meet), (candidate, meet - offset / 1e6)):
        server = connection.pgconn
        server.send_query_params(b"ROLLBACK", None)
        server.pipeline_sync()
        server.send_query_params(BUSY_WAIT.format(moment).encode(), None)
        server.send_query_params(b"BEGIN", None)
        server.send_query_params(CLOCK, None)
        server.pipeline_sync()
        server.flush()
    return _read_clock(reference), _read_clock(candidate)


def _read_clock(connection: psycopg.Connection) -> int:
    """Read the results of one try; return now() in microseconds since 1970."""
    clock = syncs = 0
    while syncs < 2:
        result = connection.pgconn.get_result()
        if result is None:
            continue
        if result.status == ExecStatus.PIPELINE_SYNC:
            syncs += 1
        elif result.status == ExecStatus.FATAL_ERROR:
            raise psycopg.OperationalError(result.error_message.decode(errors="replace"))
        elif result.ntuples:
            clock = int(result.get_value(0, 0) or b"0")
    return clock
