"""One instant for two databases.

Seeds and views speak of ``now()``.  Loaded one after the other, two databases would hold times that
differ by chance, and a tolerance wide enough to forgive that would forgive real differences too.
So both transactions begin in the same microsecond, by trying until they do.  The clock of a
transaction stands still: from then on every ``now()``, every ``CURRENT_DATE`` and every age is the
same on both sides, and rows compare exactly.  (What reads the running clock, ``clock_timestamp()``,
still differs, as it does from call to call.)

Where a machine cannot do it (both servers share one core), the transactions begin within the same
half of a millisecond, microseconds apart, and :func:`same_but_for_clock` forgives exactly that.
"""

from __future__ import annotations

import os
import re
import time
from datetime import datetime, timedelta
from typing import Final

import psycopg
from psycopg.pq import ExecStatus

from pytest_schema_parity.errors import ServerError

SPIN: Final = "DO $$BEGIN WHILE clock_timestamp() < to_timestamp({:.6f}) LOOP END LOOP; END$$"
CLOCK: Final = b"SELECT (extract(epoch FROM now()) * 1000000)::bigint"
AHEAD: Final = 150e-6
"""How far ahead the meeting point lies, in seconds: both servers have to be spinning by then."""

PATIENCE: Final = 0.4 if (os.cpu_count() or 1) > 1 else 0.1
"""How long to try, in seconds; on one core it cannot be done."""
HOPELESS: Final = 30.0

TIME: Final = re.compile(r"(\d{4}-\d\d-\d\d)([ T])(\d\d:\d\d:\d\d(?:\.\d{1,6})?)(?!\d)")


def begin_together(
    reference: psycopg.Connection, candidate: psycopg.Connection, *, patience: float = PATIENCE
) -> int:
    """Begin a transaction on both idle connections, at one instant.

    Takes some tens of tries: ten milliseconds, or tenths of a second on a busy machine.  Returns
    how many microseconds the candidate's ``now()`` is later: 0, or less than 500 either way when
    ``patience`` (in seconds) came to its end.  Raises ServerError if not even that can be had.
    """
    for connection in (reference, candidate):
        connection.pgconn.enter_pipeline_mode()
    start = time.monotonic()
    lead = 0
    while True:
        clocks = _begin_both(reference, candidate, lead)
        later = clocks[1] - clocks[0]
        tried = time.monotonic() - start
        if later == 0 or (tried > patience and clocks[0] // 500 == clocks[1] // 500):
            break
        if tried > HOPELESS:
            raise ServerError("the two servers do not begin within half a millisecond")
        step = min(8, 1 + abs(later) // 4)
        lead = max(-100, min(100, lead + (step if later > 0 else -step)))
    for connection in (reference, candidate):
        connection.pgconn.exit_pipeline_mode()
    return later


def same_but_for_clock(reference: str, candidate: str, apart: int) -> bool:
    """Whether two values are the same but for times that lie exactly ``apart`` microseconds apart.

    Two values that differ by a millisecond or more are never the same: ``apart`` is less.
    """
    if TIME.sub("", reference) != TIME.sub("", candidate):
        return False
    return all(
        a == b or _moment(b) - _moment(a) == timedelta(microseconds=apart)
        for a, b in zip(TIME.findall(reference), TIME.findall(candidate), strict=True)
    )


def _moment(match: tuple[str, str, str]) -> datetime:
    return datetime.fromisoformat(f"{match[0]} {match[2]}")


def _begin_both(
    reference: psycopg.Connection, candidate: psycopg.Connection, lead: int
) -> tuple[int, int]:
    """Begin on both, the candidate ``lead`` microseconds ahead; return both clocks.

    Each server spins up to the meeting point and finds BEGIN in its buffer: what follows is in its
    own hands, and not in those of the scheduler.
    """
    meet = time.time() + AHEAD
    for connection, moment in ((reference, meet), (candidate, meet - lead / 1e6)):
        server = connection.pgconn
        for statement in (b"ROLLBACK", SPIN.format(moment).encode()):
            server.send_query_params(statement, None)
            server.pipeline_sync()
        server.send_query_params(b"BEGIN", None)
        server.send_query_params(CLOCK, None)
        server.pipeline_sync()
        server.flush()
    return _read_clock(reference), _read_clock(candidate)


def _read_clock(connection: psycopg.Connection) -> int:
    """Take the results of one try; microseconds since 1970."""
    clock = syncs = 0
    while syncs < 3:
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
