"""End a session in the middle of a step, as when a network or a client fails."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from typing import Final

import psycopg
from psycopg.errors import LockNotAvailable, QueryCanceled

from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.postgres.conninfo import open_connection
from pytest_schema_parity.rehearsal.script import StepScript, execute
from pytest_schema_parity.rehearsal.waiting import hold_relations

TERMINATE_TIMEOUT: Final = 10_000
"""Milliseconds that the server has to terminate a session."""
MAX_POINTS: Final = 20
"""The maximum number of points at which a session is ended, if a file is not one transaction."""
BLOCK_TIMEOUT: Final = 5.0
"""Seconds to wait until a statement waits for a lock, or the script ends."""
_IS_BLOCKED: Final = """
SELECT wait_event_type = 'Lock' FROM pg_catalog.pg_stat_activity WHERE pid = %s
"""


def interruptions(script: StepScript, points: int) -> list[int]:
    """After how many statements to end a script's session: ``points`` numbers, spread evenly.

    The last is before the script's last statement, which is mostly COMMIT.  A script that is not
    one transaction has more points, as it may be half done after each statement.
    """
    last = len(script.statements) - 1
    if last < 1:
        return []
    if not script.is_one_transaction:
        points = max(points, min(last, MAX_POINTS))
    return sorted({max(1, round(last * point / points)) for point in range(1, points + 1)})


def run_until(script: StepScript, conninfo: str, superuser: str, count: int) -> None:
    """Execute the first ``count`` statements of a script, then end their session from another.

    ``superuser`` is the conninfo of a role that may end sessions. Raises psycopg.Error if a
    statement fails, and ServerError if the session does not end.
    """
    with closing(open_connection(conninfo)) as session:
        script.begin(session)
        for statement in script.statements[:count]:
            execute(session, statement)
        _terminate(session.info.backend_pid, superuser)


def run_until_blocked(script: StepScript, conninfo: str, superuser: str) -> int | None:
    """Execute a script while a transaction has used each table and view; end it while it waits.

    Returns how many statements were completed before: the session was ended during the next one.
    None if it waited for no lock, or its own timeout ended the wait.  Raises psycopg.Error if a
    statement fails, and ServerError if the session does not end.
    """
    with (
        closing(open_connection(conninfo)) as session,
        ThreadPoolExecutor(1) as pool,  # it waits for its thread, which may wait for those rows
        hold_relations(superuser, conninfo),
        closing(open_connection(superuser)) as other,
    ):
        done: list[int] = []
        running = pool.submit(_execute_all, script, session, done)
        deadline = time.monotonic() + BLOCK_TIMEOUT
        pid = session.info.backend_pid
        while not running.done() and time.monotonic() < deadline:
            row = other.execute(_IS_BLOCKED, [pid]).fetchone()
            if row == (True,):
                break
            time.sleep(0.002)
        if running.done():
            with suppress(LockNotAvailable, QueryCanceled):
                running.result()
            return None
        _terminate(pid, superuser)
        with suppress(psycopg.Error):
            running.result()
        return len(done)


def _execute_all(script: StepScript, session: psycopg.Connection, done: list[int]) -> None:
    """Execute a script; append the line of each completed statement to ``done``."""
    for statement in _execute_each(script, session):
        done.append(statement)


def _execute_each(script: StepScript, session: psycopg.Connection) -> Iterator[int]:
    script.begin(session)
    for statement in script.statements:
        execute(session, statement)
        yield statement.line
    script.finish(session)


def _terminate(pid: int, superuser: str) -> None:
    with closing(open_connection(superuser)) as other:
        row = other.execute(
            "SELECT pg_terminate_backend(%s, %s)", [pid, TERMINATE_TIMEOUT]
        ).fetchone()
    if row != (True,):
        raise ServerError(f"The session of process {pid} was not terminated")
