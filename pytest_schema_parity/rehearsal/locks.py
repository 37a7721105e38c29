"""Measure how a step affects other sessions: locks, rewrites, and how long it takes."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import psycopg

from pytest_schema_parity.migrations.apply import NOT_IN_A_TRANSACTION, controls_transactions
from pytest_schema_parity.migrations.statement import Statement
from pytest_schema_parity.postgres.conninfo import open_connection
from pytest_schema_parity.rehearsal.script import (
    StepScript,
    ends_transaction,
    execute,
    in_transaction,
)
from pytest_schema_parity.showing import clipped

MODES: Final = (
    "AccessShareLock",
    "RowShareLock",
    "RowExclusiveLock",
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
)
"""The modes of locks on tables, the weakest first."""

_LOCKS: Final = """
SELECT format('%%I.%%I', n.nspname, c.relname), l.mode
FROM pg_catalog.pg_locks AS l
JOIN pg_catalog.pg_class AS c ON c.oid = l.relation AND c.relkind IN ('r', 'p', 'm', 'v')
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE l.pid = %s
    AND l.granted
    AND l.database = (
        SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()
    )
    AND n.nspname <> 'information_schema'
    AND n.nspname NOT LIKE 'pg\\_%%'
"""
_FILES: Final = """
SELECT c.oid::bigint, format('%I.%I', n.nspname, c.relname), pg_relation_filenode(c.oid)::bigint
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind = 'r'
    AND n.nspname <> 'information_schema'
    AND n.nspname NOT LIKE 'pg\\_%'
"""

_SCANS: Final = """
SELECT format('%I.%I', schemaname, relname), seq_scan
FROM pg_catalog.pg_stat_xact_user_tables
WHERE seq_scan > 0
"""
_NO_SNAPSHOT: Final = (("begin",), ("start",), ("set",))
"""Statements after which SET TRANSACTION may follow, so that no query may be run."""
_READS_ROWS: Final = frozenset({"copy", "delete", "insert", "merge", "select", "update", "with"})
"""Statements that are meant to read rows; others that scan a table check or copy it."""


@dataclass(frozen=True, slots=True)
class StatementLocks:
    """What one statement locked and rewrote.

    ``locks`` are the strongest modes by table or view, of those on which this statement's is
    stronger than what its transaction held before; tables that the step itself creates are left
    out, as no other session sees them. ``rewritten`` are tables that were rewritten (a materialized
    view is by each refresh, so these are left out), ``scanned`` those that a statement of DDL read
    from end to end: to check a constraint, or to build an index.
    ``measured`` is false for a statement that cannot be done in a transaction: its locks are gone
    when it ends.
    """

    line: int
    text: str
    seconds: float
    locks: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    rewritten: tuple[str, ...] = ()
    scanned: tuple[str, ...] = ()
    measured: bool = True


def stronger(one: str, other: str) -> bool:
    """Whether a mode of a lock on a table is stronger than another."""
    return MODES.index(one) > MODES.index(other)


def observe(script: StepScript, conninfo: str) -> list[StatementLocks]:
    """Execute a step's script statement by statement, and look at its locks after each.

    A statement outside of a transaction gets one of its own, if it can be done in one: else its
    locks are gone when it ends.  Raises psycopg.Error if a statement fails.
    """
    with closing(open_connection(conninfo)) as session, closing(open_connection(conninfo)) as other:
        observer = _Observer(session, other)
        script.begin(session)
        found = [observer.execute(statement) for statement in script.statements]
        script.finish(session)
    return found


class _Observer:
    """Executes statements in one session and reads its locks from another."""

    def __init__(self, session: psycopg.Connection, other: psycopg.Connection) -> None:
        self._session = session
        self._other = other
        self._pid = session.info.backend_pid
        self._held: dict[str, str] = {}
        self._files = self._filenodes()
        self._scans: dict[str, int] = {}
        self._created: set[str] = set()

    def execute(self, statement: Statement) -> StatementLocks:
        """Execute a statement; return what it locked and rewrote."""
        begun = time.perf_counter()
        in_its_own = self._execute(statement)
        seconds = time.perf_counter() - begun
        found = self._read_effects(statement, seconds)
        if in_its_own:
            self._session.execute("COMMIT")
            self._held, self._scans = {}, {}
        return found

    def _execute(self, statement: Statement) -> bool:
        """Execute a statement; return whether it has its own transaction, which is still open."""
        bare = statement.words[:1] in _NO_SNAPSHOT or controls_transactions(statement)
        if bare or in_transaction(self._session):
            execute(self._session, statement)
            return False
        self._session.execute("BEGIN")
        try:
            execute(self._session, statement)
        except psycopg.Error as error:
            self._session.execute("ROLLBACK")
            if error.sqlstate not in NOT_IN_A_TRANSACTION:
                raise
            execute(self._session, statement)
            return False
        return True

    def _read_effects(self, statement: Statement, seconds: float) -> StatementLocks:
        """What an executed statement locked and rewrote."""
        text = clipped(" ".join(statement.text.split()), 80)
        if statement.words[:1] in _NO_SNAPSHOT:
            return StatementLocks(statement.line, text, seconds)
        inside = in_transaction(self._session)
        taken: dict[str, str] = {}
        if inside:
            for table, mode in self._locks().items():
                if table not in self._held or stronger(mode, self._held[table]):
                    taken[table] = self._held[table] = mode
        else:
            self._held = {}
        files = self._filenodes()
        rewritten = [
            name
            for oid, (name, node) in files.items()
            if oid in self._files and self._files[oid][1] != node
        ]
        self._created |= {name for oid, (name, _) in files.items() if oid not in self._files}
        self._files = files
        return StatementLocks(
            statement.line,
            text,
            seconds,
            MappingProxyType(taken),
            tuple(sorted(rewritten)),
            self._scanned_tables(statement),
            inside or ends_transaction(statement),
        )

    def _scanned_tables(self, statement: Statement) -> tuple[str, ...]:
        """The tables visible to others that a DDL statement has read from end to end."""
        before, self._scans = self._scans, dict(self._session.execute(_SCANS.encode()).fetchall())
        if statement.words[:1] and statement.words[0] in _READS_ROWS:
            return ()
        known = {name for name, _ in self._files.values()} - self._created
        more = (name for name, count in self._scans.items() if count > before.get(name, 0))
        return tuple(sorted(name for name in more if name in known))

    def _locks(self) -> dict[str, str]:
        """The strongest lock mode held on each table that other sessions can see."""
        strongest: dict[str, str] = {}
        for table, mode in self._other.execute(_LOCKS, [self._pid]):
            if table not in strongest or stronger(mode, strongest[table]):
                strongest[table] = mode
        return strongest

    def _filenodes(self) -> dict[int, tuple[str, int]]:
        """The file node of each table, as the session sees it: another one after a rewrite."""
        return {oid: (name, node) for oid, name, node in self._session.execute(_FILES.encode())}
