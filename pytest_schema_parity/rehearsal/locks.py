"""What a step does to others who use the database: locks, rewrites, and how long it takes."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import psycopg

from pytest_schema_parity.migrations.scanner import split
from pytest_schema_parity.migrations.statement import Statement
from pytest_schema_parity.migrations.text import read_sql
from pytest_schema_parity.postgres.conninfo import open_connection
from pytest_schema_parity.rehearsal.interrupt import controls_transactions

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
JOIN pg_catalog.pg_class AS c ON c.oid = l.relation AND c.relkind IN ('r', 'p', 'm')
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
WHERE c.relkind IN ('r', 'm')
    AND n.nspname <> 'information_schema'
    AND n.nspname NOT LIKE 'pg\\_%'
"""

Connection = psycopg.Connection[Any]


@dataclass(frozen=True, slots=True)
class StatementLocks:
    """What one statement locked and rewrote.

    ``locks`` are the strongest modes by table, of the tables on which this statement's is stronger
    than what its transaction held before; tables that the step itself makes are left out, as
    nobody else sees them. ``rewritten`` are tables that were written anew. ``measured`` is false
    for a statement outside of a transaction, whose locks are gone when it ends.
    """

    line: int
    text: str
    seconds: float
    locks: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    rewritten: tuple[str, ...] = ()
    measured: bool = True


def stronger(one: str, other: str) -> bool:
    """Whether a mode of a lock on a table is stronger than another."""
    return MODES.index(one) > MODES.index(other)


def observe(file: Path, conninfo: str) -> list[StatementLocks]:
    """Execute a step's file statement by statement, and look at its locks after each.

    A file that controls no transaction is executed in one. Raises psycopg.Error where a statement
    fails, and ScriptError where the file cannot be cut into statements.
    """
    with closing(open_connection(conninfo)) as session, closing(open_connection(conninfo)) as other:
        standard = session.info.parameter_status("standard_conforming_strings") == "on"
        text = read_sql(file, file=file.name)
        statements = split(text, file=file.name, standard_strings=standard)
        controls = controls_transactions(statements)
        if not controls:
            session.execute("BEGIN")
        observer = _Observer(session, other)
        found = [observer.execute(statement) for statement in statements]
        if not controls:
            session.execute("COMMIT")
    return found


class _Observer:
    """Executes statements in one session and looks at it from another."""

    def __init__(self, session: Connection, other: Connection) -> None:
        self._session = session
        self._other = other
        self._pid = session.info.backend_pid
        self._held: dict[str, str] = {}
        self._files = self._filenodes()

    def execute(self, statement: Statement) -> StatementLocks:
        """Execute a statement; what it locked and rewrote."""
        begun = time.perf_counter()
        self._session.execute(statement.text.encode())
        seconds = time.perf_counter() - begun
        inside = self._session.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS
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
        self._files = files
        ends = statement.words[:1] in (("commit",), ("end",), ("rollback",), ("abort",))
        return StatementLocks(
            statement.line,
            " ".join(statement.text.split())[:80],
            seconds,
            MappingProxyType(taken),
            tuple(sorted(rewritten)),
            inside or ends,
        )

    def _locks(self) -> dict[str, str]:
        """The strongest mode of each table that others can see."""
        strongest: dict[str, str] = {}
        for table, mode in self._other.execute(_LOCKS, [self._pid]):
            if table not in strongest or stronger(mode, strongest[table]):
                strongest[table] = mode
        return strongest

    def _filenodes(self) -> dict[int, tuple[str, int]]:
        """Where each table's rows lie, as the session sees it."""
        return {oid: (name, node) for oid, name, node in self._session.execute(_FILES.encode())}
