"""Run a step while other sessions hold locks, and find out whether lock_timeout ends its wait."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Final

import psycopg
from psycopg import sql
from psycopg.errors import LockNotAvailable

from pytest_schema_parity.postgres.cancelling import CannotCancelError, execute_within
from pytest_schema_parity.postgres.conninfo import open_connection
from pytest_schema_parity.rehearsal.script import (
    StepScript,
    execute,
    in_transaction,
)
from pytest_schema_parity.showing import clipped

PATIENCE: Final = 150
"""Maximum milliseconds that a statement waits for a lock here."""

ROW_PATIENCE: Final = 1.0
"""Seconds that the lock of one row may take, where planning its query calls functions."""

SHORT_TIMEOUT: Final = f"{PATIENCE}ms"

_SETTING: Final = re.compile(r"(?P<number>\d+)(?P<unit>[a-z]*)")
_UNITS: Final = {"": 1, "ms": 1, "s": 1_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
_RELATIONS: Final = """
SELECT n.nspname, c.relname, c.relkind IN ('m', 'v')
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'm', 'v')
    AND c.relpersistence <> 't'
    AND n.nspname <> 'information_schema'
    AND n.nspname NOT LIKE 'pg\\_%'
"""


@dataclass(frozen=True, slots=True)
class Waited:
    """The statement of a step that waited for another session.

    ``lock_timeout`` is the step's setting at that time, as PostgreSQL writes it: ``0`` is no limit.
    """

    line: int
    text: str
    lock_timeout: str

    @property
    def for_ever(self) -> bool:
        """Whether the statement would wait for the whole transaction of the other session."""
        return self.lock_timeout == "0"


@contextmanager
def hold_relations(superuser: str, conninfo: str) -> Iterator[None]:
    """A context in which two sessions have open transactions that used every table and view.

    A session of a superuser holds ROW EXCLUSIVE on each table, as one that wrote, and ACCESS SHARE
    on each view and materialized view, as one that read them.  It plans no query: that calls
    functions of the tree.  So it is a session of ``conninfo``, of the role that applied the tree,
    that locks one row of each table, as far as it may and can do so in :data:`ROW_PATIENCE`.
    Raises psycopg.Error.
    """
    with closing(open_connection(superuser)) as session, closing(open_connection(conninfo)) as rows:
        session.execute("BEGIN")
        rows.execute("BEGIN")
        for schema, name, is_view in session.execute(_RELATIONS).fetchall():
            table = sql.Identifier(schema, name)
            if is_view:  # LOCK TABLE takes no materialized view; what PREPARE parses is locked
                session.execute(sql.SQL("PREPARE held AS SELECT FROM {}").format(table))
                session.execute("DEALLOCATE held")
                continue
            session.execute(sql.SQL("LOCK TABLE ONLY {} IN ROW EXCLUSIVE MODE").format(table))
            _lock_row(rows, sql.SQL("SELECT 1 FROM {} LIMIT 1 FOR UPDATE").format(table))
        yield


def _lock_row(session: psycopg.Connection, query: sql.Composed) -> None:
    """Execute a query that locks a row, unless the session's role may not, or it takes too long."""
    session.execute("SAVEPOINT row")
    try:
        execute_within(session, query, ROW_PATIENCE)
    except CannotCancelError as error:
        raise psycopg.OperationalError(f"a row cannot be locked: {error}") from error
    except psycopg.Error:
        session.execute("ROLLBACK TO row")
    session.execute("RELEASE row")


def run_beside_a_writer(script: StepScript, conninfo: str, superuser: str) -> Waited | None:
    """Execute a step while a transaction has used each table and view; return what waited.

    None if no statement did.  The wait is short, whatever lock_timeout the step sets.
    Raises psycopg.Error if a statement fails for another reason.
    """
    with hold_relations(superuser, conninfo), closing(open_connection(conninfo)) as session:
        script.begin(session)
        for statement in script.statements:
            if statement.words[:1] in (("begin",), ("start",)):
                execute(session, statement)
                continue
            timeout = _shorten(session)
            try:
                execute(session, statement)
            except LockNotAvailable:
                text = clipped(" ".join(statement.text.split()), 80)
                return Waited(statement.line, text, timeout)
            _restore(session, timeout)
        script.finish(session)
    return None


def _shorten(session: psycopg.Connection) -> str:
    """Let the next statement wait for :data:`PATIENCE` at most; return the previous setting."""
    before = _lock_timeout(session)
    if not 0 < _milliseconds(before) <= PATIENCE:
        _set_lock_timeout(session, SHORT_TIMEOUT)
    return before


def _restore(session: psycopg.Connection, timeout: str) -> None:
    """Restore the previous lock_timeout, unless the statement itself has set one."""
    if timeout != SHORT_TIMEOUT and _lock_timeout(session) == SHORT_TIMEOUT:
        _set_lock_timeout(session, timeout)


def _lock_timeout(session: psycopg.Connection) -> str:
    """The current lock_timeout; SHOW takes no snapshot, so SET TRANSACTION can still follow."""
    row = session.execute("SHOW lock_timeout").fetchone()
    if row is None:
        raise LookupError("the server has no setting lock_timeout")
    return str(row[0])


def _milliseconds(setting: str) -> int:
    match = _SETTING.fullmatch(setting)
    if match is None:
        raise ValueError(f"unexpected value of lock_timeout: {setting}")
    return int(match["number"]) * _UNITS[match["unit"]]


def _set_lock_timeout(session: psycopg.Connection, timeout: str) -> None:
    local = sql.SQL("LOCAL" if in_transaction(session) else "SESSION")
    session.execute(sql.SQL("SET {} lock_timeout = {}").format(local, sql.Literal(timeout)))
