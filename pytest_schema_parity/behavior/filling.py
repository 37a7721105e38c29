"""Fill the tables of one database with a few generated rows that it accepts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Final

import psycopg

from pytest_schema_parity.behavior.statements.boundaries import parents_first
from pytest_schema_parity.behavior.statements.counterexample import Budget
from pytest_schema_parity.behavior.statements.example_source import ExampleSource
from pytest_schema_parity.behavior.statements.generated_statement import (
    NULL,
    GeneratedStatement,
    update,
)
from pytest_schema_parity.behavior.statements.model import Table
from pytest_schema_parity.behavior.statements.open_runner import open_runner
from pytest_schema_parity.behavior.statements.planned_rows import (
    CannotBuildError,
    PlannedRows,
    Wish,
)
from pytest_schema_parity.behavior.statements.runner import Runner
from pytest_schema_parity.behavior.statements.solver import RowValues
from pytest_schema_parity.postgres.cancelling import CannotCancelError, execute_within
from pytest_schema_parity.postgres.conninfo import open_connection

ROWS: Final = 3
"""How many rows each table gets."""
ATTEMPTS: Final = 8
"""How many attempts there are for each row."""
FIRST_NUMBER: Final = 1_000
"""Generated values start after it: existing rows mostly have small numbers."""
NUMBER_GAP: Final = 10
"""The distance between the first numbers of two tables."""
NOT_IN_MODEL: Final = "it is a partition, or not a table of both databases"
PATIENCE: Final = 5.0
"""Seconds that a generated statement may take, unless less is allowed."""


@dataclass(frozen=True, slots=True)
class Filling:
    """The statements that the server accepted, in order.

    By table, ``rows`` is the number of inserted rows, ``updated`` that of updated rows, and
    ``refused`` the reason why no row could be inserted.
    """

    statements: tuple[str, ...]
    rows: Mapping[str, int]
    updated: Mapping[str, int]
    refused: Mapping[str, str]


def fill(
    target: str,
    pairs: Sequence[tuple[str, str]],
    tables: Collection[str],
    *,
    rows: int = ROWS,
    change: bool = False,
    seconds: float = PATIENCE,
) -> Filling:
    """Insert generated rows into some tables of a database, referenced tables first.

    All conninfos are of the role that applied the tree, because triggers, defaults and CHECKs run
    as it: ``target`` is the database, each of ``pairs`` two databases whose rules the rows fulfil.
    A table that accepts no row made for one pair gets rows for the next.  The pairs are copies:
    their tables are emptied, in a transaction that is rolled back, and their sequences reset.  With
    ``change`` an existing row of each table is updated first, in columns without keys.  A statement
    that takes more than ``seconds`` is cancelled, and its table skipped.  The same databases get
    the same rows.  Raises psycopg.Error.
    """
    filler = _Filler(seconds)
    with _as_database_error(), closing(open_connection(target)) as connection:
        connection.autocommit = False
        for number, pair in enumerate(pairs, 1):
            waiting = [name for name in tables if not filler.rows.get(name)]
            if not waiting:
                break
            with open_runner(("one", pair[0]), ("other", pair[1])) as runner:
                filler.use_databases(connection, runner, number * FIRST_NUMBER)
                filler.fill_tables(waiting, rows, change=change and number == 1)
        connection.commit()
    return Filling(tuple(filler.statements), filler.rows, filler.updated, filler.refused)


def replay(target: str, filling: Filling, *, seconds: float = PATIENCE) -> None:
    """Execute the statements of a filling in another copy of the same database.

    A statement that takes more than ``seconds`` is cancelled.  Raises psycopg.Error.
    """
    with _as_database_error(), closing(open_connection(target)) as connection:
        connection.autocommit = False
        for statement in filling.statements:
            execute_within(connection, statement, seconds)
        connection.commit()


@contextmanager
def _as_database_error() -> Iterator[None]:
    """A context that raises psycopg.OperationalError if a statement could not be cancelled."""
    try:
        yield
    except CannotCancelError as error:
        message = f"a routine ignored its cancellation, so its session was terminated: {error}"
        raise psycopg.OperationalError(message) from error


class _Filler:
    """Inserts and updates rows, one at a time, and records the statements that succeed."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._slow: dict[str, str] = {}
        self.statements: list[str] = []
        self.rows: dict[str, int] = {}
        self.updated: dict[str, int] = {}
        self.refused: dict[str, str] = {}

    def use_databases(self, connection: psycopg.Connection, runner: Runner, number: int) -> None:
        """Use the rules of a runner's databases, and values that begin after ``number``."""
        self._connection = connection
        self._runner = runner
        self._builder = ExampleSource(runner, (), Budget().examples, 0).builder
        # Joined columns share one number.  Each table has its own numbers, so that no generated
        # row equals a lost row of another table.
        numbers = {
            f"{table.name}.{column.name}": number + at * NUMBER_GAP
            for at, table in enumerate(runner.model.tables.values())
            for column in table.columns
        }
        self._planned = PlannedRows(numbers=numbers)

    def fill_tables(self, names: Collection[str], rows: int, *, change: bool) -> None:
        """Update (with ``change``), then insert rows, in the tables that the databases have."""
        model = self._runner.model
        for name in sorted(names):
            self.refused[name] = self._runner.left_out.get(name, NOT_IN_MODEL)
        tables = [model.tables[each] for each in names if each in model.tables]
        ordered = parents_first(model, tables)
        for table in ordered if change else ():
            self.change_row(table)
        for table in ordered:
            self.insert_rows(table, rows)

    def insert_rows(self, table: Table, count: int) -> None:
        """Insert rows: the first has required values only, the others a value in each column."""
        full = frozenset(column.name for column in table.columns if not column.generated)
        refused = ""
        for choice in range(count * ATTEMPTS):
            if self.rows.get(table.name, 0) >= count or table.name in self._slow:
                break
            required = full if self.rows.get(table.name) and choice % 4 else frozenset[str]()
            refused = self._insert(table, Wish(required=required, choice=choice)) or refused
        if not self.rows.get(table.name):
            self.refused[table.name] = refused

    def _insert(self, table: Table, wish: Wish) -> str:
        """Insert a row and the rows that it refers to; return the error, else an empty text."""
        planned = self._planned
        mark, begun = planned.mark(), len(planned.statements)
        try:
            self._builder.add(planned, table.name, wish)
        except CannotBuildError as error:
            planned.back(mark)
            return str(error)
        added = planned.statements[begun:]
        if refused := self._try(table.name, added):
            planned.back(mark)
            return refused
        for statement in added:
            for each in (*statement.along, statement):
                self.rows[each.table] = self.rows.get(each.table, 0) + 1
                self.refused.pop(each.table, None)
        return ""

    def change_row(self, table: Table) -> None:
        """Update the first row of a table with the values of a generated one, if there is a row."""
        key = table.primary
        if key is None:
            return
        columns = ", ".join(key.indexed)
        texts = ", ".join(f"quote_nullable({column})" for column in key.indexed)
        query = f"SELECT {texts} FROM {table.name} ORDER BY {columns} LIMIT 1"  # noqa: S608
        row = self._read_first(table.name, query)
        if row is None or NULL in row:
            return
        where = dict(zip(key.indexed, row, strict=True))
        values = self._new_values(table)
        for given in (values, *({name: value} for name, value in values.items())):
            if given and not self._try(table.name, [update(table.name, given, where)]):
                self.updated[table.name] = 1
                return

    def _new_values(self, table: Table) -> RowValues:
        """New values for the columns of a table that are in no key."""
        planned = PlannedRows(numbers=self._planned.numbers)
        keys = [key.columns for key in table.keys] + [key.columns for key in table.foreign_keys]
        keyed = {name for columns in keys for name in columns}
        free = [c.name for c in table.columns if not c.generated and c.name not in keyed]
        for required in (frozenset(free), frozenset[str]()):
            try:
                row = self._builder.add(planned, table.name, Wish(required=required, choice=1))
            except CannotBuildError:
                continue
            return {name: row[name] for name in free if name in row}
        return {}

    def _read_first(self, table: str, query: str) -> tuple[str, ...] | None:
        """The first row of a query of a table; None if there is no row, or an error."""
        with self._savepoint() as refused:
            row = execute_within(self._connection, query, self._seconds).fetchone()
        self._note_slow(table, refused)
        return None if refused else row

    def _try(self, table: str, statements: list[GeneratedStatement]) -> str:
        """Execute statements, all or none; return the error, else an empty text.

        The last one is about ``table``.  None is executed if one of their tables was too slow.
        """
        for statement in statements:
            for each in (*statement.along, statement):
                if each.table in self._slow:
                    return self._slow[each.table]
        at = table
        with self._savepoint() as refused:
            for statement in statements:
                at = statement.table
                if not execute_within(self._connection, statement.sql, self._seconds).rowcount:
                    raise _NoRowChangedError
            at = table
            execute_within(self._connection, "SET CONSTRAINTS ALL IMMEDIATE", self._seconds)
        self._note_slow(at, refused)
        if refused:
            return self._slow.get(at) or str(refused[0]).partition("\n")[0]
        self._connection.execute("SET CONSTRAINTS ALL DEFERRED")
        self.statements += [statement.sql for statement in statements]
        return ""

    @contextmanager
    def _savepoint(self) -> Iterator[list[Exception]]:
        """A context in a savepoint, rolled back on an error; yields a list that gets the error."""
        refused: list[Exception] = []
        self._connection.execute("SAVEPOINT attempt")
        try:
            yield refused
        except (psycopg.Error, _NoRowChangedError) as error:
            refused.append(error)
            self._connection.execute("ROLLBACK TO SAVEPOINT attempt")
        self._connection.execute("RELEASE SAVEPOINT attempt")

    def _note_slow(self, table: str, refused: Sequence[Exception]) -> None:
        """Skip a table from now on, if the error is that its statement was cancelled."""
        if refused and isinstance(refused[0], psycopg.errors.QueryCanceled):
            self._slow[table] = f"{table} takes more than {self._seconds:g} seconds"


class _NoRowChangedError(Exception):
    """A statement was accepted, and changed no row."""

    def __str__(self) -> str:
        return "a trigger or a rule suppresses the statement"
