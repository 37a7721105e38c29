"""End a session in the middle of a step, as when a network or a client fails."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

import psycopg

from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.postgres.conninfo import open_connection
from pytest_schema_parity.rehearsal.script import Connection, Script, execute, read_script
from pytest_schema_parity.rehearsal.waiting import hold_rows

PATIENCE: Final = 10_000
"""Milliseconds that the server has to terminate a session."""
MOST: Final = 20
"""The most points at which a file's session is ended, if the file is not one transaction."""
BLOCKED: Final = 5.0
"""Seconds to wait until a statement waits for a lock, or ends."""
_IS_BLOCKED: Final = """
SELECT wait_event_type = 'Lock' FROM pg_catalog.pg_stat_activity WHERE pid = %s
"""


def interruptions(file: Path, points: int) -> list[int]:
    """After how many statements to end a file's session: ``points`` numbers, spread evenly.

    The last is before the file's last statement, which is mostly COMMIT.  A file that is not one
    transaction has more, as it may be half done after each statement.
    """
    script = read_script(file)
    last = len(script.statements) - 1
    if last < 1:
        return []
    if not script.is_one_transaction:
        points = max(points, min(last, MOST))
    return sorted({max(1, round(last * point / points)) for point in range(1, points + 1)})


def run_until(file: Path, conninfo: str, superuser: str, count: int) -> None:
    """Execute the first ``count`` statements of a file, then end their session from another.

    A file that controls no transaction is executed in one. ``superuser`` is the conninfo of a
    role that may end sessions. Raises psycopg.Error if a statement fails, and ServerError if the
    session does not end.
    """
    script = read_script(file)
    with closing(open_connection(conninfo)) as session:
        script.begin(session)
        for statement in script.statements[:count]:
            execute(session, statement)
        _terminate(session.info.backend_pid, superuser)


def run_until_blocked(file: Path, conninfo: str, superuser: str) -> int | None:
    """Execute a file while another session has written to each table; end it while it waits.

    Returns how many statements were completed: the session was ended during the next one.  None
    where the file did not wait: it was completed, or had an error of its own.
    Raises ServerError where the session does not end.
    """
    script = read_script(file)
    with (
        hold_rows(superuser),
        closing(open_connection(conninfo)) as session,
        closing(open_connection(superuser)) as other,
        ThreadPoolExecutor(1) as pool,
    ):
        done: list[int] = []
        running = pool.submit(_execute_all, script, session, done)
        deadline = time.monotonic() + BLOCKED
        pid = session.info.backend_pid
        while not running.done() and time.monotonic() < deadline:
            row = other.execute(_IS_BLOCKED, [pid]).fetchone()
            if row == (True,):
                break
            time.sleep(0.002)
        if running.done():
            return None
        _terminate(pid, superuser)
        with suppress(psycopg.Error):
            running.result()
        return len(done)


def _execute_all(script: Script, session: Connection, done: list[int]) -> None:
    """Execute a script; append the line of each completed statement to ``done``."""
    for statement in _framed(script, session):
        done.append(statement)


def _framed(script: Script, session: Connection) -> Iterator[int]:
    script.begin(session)
    for statement in script.statements:
        execute(session, statement)
        yield statement.line
    script.finish(session)


def _terminate(pid: int, superuser: str) -> None:
    with closing(open_connection(superuser)) as other:
        row = other.execute("SELECT pg_terminate_backend(%s, %s)", [pid, PATIENCE]).fetchone()
    if row != (True,):
        raise ServerError(f"The session of process {pid} does not end")
