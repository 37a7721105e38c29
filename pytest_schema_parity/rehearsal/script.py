"""Read a step's file as statements, and execute them one at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg

from pytest_schema_parity.migrations.apply import controls_transactions
from pytest_schema_parity.migrations.scanner import split
from pytest_schema_parity.migrations.sql_file import read_sql
from pytest_schema_parity.migrations.statement import Statement

_ENDS: Final = frozenset({"abort", "commit", "end", "rollback"})


@dataclass(frozen=True, slots=True)
class StepScript:
    """The statements of a file.

    ``in_our_transaction`` is true if :func:`apply_tree` begins one transaction around the file.
    """

    name: str
    statements: tuple[Statement, ...]
    in_our_transaction: bool

    @property
    def is_one_transaction(self) -> bool:
        """Whether the file is one transaction: its only COMMIT is its last statement."""
        if self.in_our_transaction:
            return not any(map(ends_transaction, self.statements))
        first, last = self.statements[0], self.statements[-1]
        inside = self.statements[1:-1]
        return (
            _begins([first])
            and ends_transaction(last)
            and not (_begins(inside) or any(map(ends_transaction, inside)))
        )

    def begin(self, session: psycopg.Connection) -> None:
        """Begin the transaction around the file, if it has one of ours."""
        if self.in_our_transaction:
            session.execute("BEGIN")

    def finish(self, session: psycopg.Connection) -> None:
        """Commit the transaction around the file, if it has one of ours."""
        if self.in_our_transaction:
            session.execute("COMMIT")


def read_script(file: Path, *, in_our_transaction: bool = True) -> StepScript:
    """Read a step's file.  Raises ScriptError if it cannot be split into statements.

    ``in_our_transaction`` has no effect if the file controls transactions itself.
    """
    statements = tuple(split(read_sql(file, file=file.name), file=file.name))
    return StepScript(
        file.name,
        statements,
        in_our_transaction and not any(map(controls_transactions, statements)),
    )


def execute(session: psycopg.Connection, statement: Statement) -> None:
    """Execute a statement of a script, with the rows of a COPY.  Raises psycopg.Error."""
    if statement.copy_data is None:
        session.execute(statement.text.encode())
        return
    with session.cursor().copy(statement.text.encode()) as rows:
        rows.write(statement.copy_data)


def in_transaction(session: psycopg.Connection) -> bool:
    """Whether a transaction is open in the session."""
    return session.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS


def ends_transaction(statement: Statement) -> bool:
    """Whether a statement commits or rolls back."""
    return statement.words[:1] != () and statement.words[0] in _ENDS


def _begins(statements: Sequence[Statement]) -> bool:
    return any(statement.words[:1] in (("begin",), ("start",)) for statement in statements)
