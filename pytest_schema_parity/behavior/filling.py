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
from pytest_schema_parity.behavior.statements.planned_rows import CannotBuildError, Wish, World
from pytest_schema_parity.behavior.statements.runner import Runner
from pytest_schema_parity.behavior.statements.solver import RowValues
from pytest_schema_parity.postgres.cancelling import CannotCancelError, execute_within
from pytest_schema_parity.postgres.conninfo import open_connection

ROWS: Final = 3
"""How many rows each table gets."""
ATTEMPTS: Final = 8
"""How many rows are tried for each that a table is to get."""
AHEAD: Final = 1_000
"""How many numbers are passed over at first: rows of before mostly have the small ones."""
APART: Final = 10
"""How far the numbers of one table are from those of the next."""
PATIENCE: Final = 5.0
"""Seconds that a generated statement may take, unless less is allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """The statements that the server accepted, in order.

    ``rows`` has the number of generated rows by table, ``updated`` of rows that were changed,
    ``refused`` the reason for each table that no generated row entered.
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
    """Insert generated rows into some tables of a database, those that they refer to first.

    All are conninfos of the role that applied the tree, as triggers, defaults and CHECKs run as
    it: ``target`` of the database, ``pairs`` of two databases each, whose rules the rows fulfil.
    A table that takes none of one pair gets those of the next.  The pairs are copies: their tables
    are emptied, in a transaction that is rolled back, and their sequences reset.  With ``change``
    also a row of each table that was there before is updated, in columns that are in no key.  A
    statement that takes more than ``seconds`` is cancelled, and its table passed over.  The same
    databases get the same rows.  Raises psycopg.Error.
    """
    filler = _Filler(seconds)
    with _as_database_error(), closing(open_connection(target)) as connection:
        connection.autocommit = False
        for number, pair in enumerate(pairs, 1):
            waiting = [name for name in tables if not filler.rows.get(name)]
            if not waiting:
                break
            with open_runner(("one", pair[0]), ("other", pair[1])) as runner:
                filler.use(connection, runner, number * AHEAD)
                filler.work(waiting, rows, change=change and number == 1)
        connection.commit()
    return Filling(
        statements=tuple(filler.statements),
        rows=filler.rows,
        updated=filler.updated,
        refused=filler.refused,
    )


def replay(target: str, filling: Filling, *, seconds: float = PATIENCE) -> None:
    """Execute the statements of a filling in another database, which is as the first one was.

    A statement that takes more than ``seconds`` is cancelled.  Raises psycopg.Error.
    """
    with _as_database_error(), closing(open_connection(target)) as connection:
        connection.autocommit = False
        for statement in filling.statements:
            execute_within(connection, statement, seconds)
        connection.commit()


@contextmanager
def _as_database_error() -> Iterator[None]:
    """A context that raises psycopg.OperationalError where a statement could not be cancelled."""
    try:
        yield
    except CannotCancelError as error:
        message = f"a routine ignored its cancellation, so its session was terminated: {error}"
        raise psycopg.OperationalError(message) from error


class _Filler:
    """Offers rows to the server, one at a time, and keeps those that it accepts."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._slow: dict[str, str] = {}
        self.statements: list[str] = []
        self.rows: dict[str, int] = {}
        self.updated: dict[str, int] = {}
        self.refused: dict[str, str] = {}

    def use(self, connection: psycopg.Connection, runner: Runner, number: int) -> None:
        """Fulfil the rules of a runner's databases, with values that begin after a number."""
        self._connection = connection
        self._runner = runner
        self._builder = ExampleSource(runner, (), Budget().examples, 0).builder
        # Columns that foreign keys join have one number, by the name of one of them.  Each table
        # has numbers of its own: no row of one is by chance what another has lost.
        numbers = {
            f"{table.name}.{column.name}": number + at * APART
            for at, table in enumerate(runner.model.tables.values())
            for column in table.columns
        }
        self._world = World(numbers=numbers)

    def work(self, names: Collection[str], rows: int, *, change: bool) -> None:
        """Change, then insert, as far as the runner's databases have the tables."""
        model = self._runner.model
        for name in sorted(names):
            self.refused[name] = self._runner.left_out.get(
                name, "it is a partition, or not a table of both databases"
            )
        ordered = parents_first(
            model, [model.tables[each] for each in names if each in model.tables]
        )
        for table in ordered if change else ():
            self.change(table)
        for table in ordered:
            self.insert(table, rows)

    def insert(self, table: Table, count: int) -> None:
        """Insert rows: the first has only what it must have, the others a value in each column."""
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
        """Insert a row with those that it refers to; why it was refused, else an empty text."""
        world = self._world
        mark, begun = world.mark(), len(world.statements)
        try:
            self._builder.add(world, table.name, wish)
        except CannotBuildError as error:
            world.back(mark)
            return str(error)
        added = world.statements[begun:]
        if refused := self._offer(table.name, added):
            world.back(mark)
            return refused
        for statement in added:
            for each in (*statement.along, statement):
                self.rows[each.table] = self.rows.get(each.table, 0) + 1
                self.refused.pop(each.table, None)
        return ""

    def change(self, table: Table) -> None:
        """Update the first row of a table with the values of a generated one, if there is a row."""
        key = table.primary
        if key is None:
            return
        columns = ", ".join(key.indexed)
        texts = ", ".join(f"quote_nullable({column})" for column in key.indexed)
        query = f"SELECT {texts} FROM {table.name} ORDER BY {columns} LIMIT 1"  # noqa: S608
        row = self._read(table.name, query)
        if row is None or NULL in row:
            return
        where = dict(zip(key.indexed, row, strict=True))
        values = self._values(table)
        for given in (values, *({name: value} for name, value in values.items())):
            if given and not self._offer(table.name, [update(table.name, given, where)]):
                self.updated[table.name] = 1
                return

    def _values(self, table: Table) -> RowValues:
        """New values for the columns of a table that are in no key."""
        world = World(numbers=self._world.numbers)
        keyed = {name for key in table.keys for name in key.columns}
        keyed |= {name for key in table.foreign_keys for name in key.columns}
        free = [c.name for c in table.columns if not c.generated and c.name not in keyed]
        for required in (frozenset(free), frozenset[str]()):
            try:
                row = self._builder.add(world, table.name, Wish(required=required, choice=1))
            except CannotBuildError:
                continue
            return {name: row[name] for name in free if name in row}
        return {}

    def _read(self, table: str, query: str) -> tuple[str, ...] | None:
        """The first row of a query of a table; None if there is none, or it cannot be read."""
        with self._savepoint() as refused:
            row = execute_within(self._connection, query, self._seconds).fetchone()
        self._note_slow(table, refused)
        return None if refused else row

    def _offer(self, table: str, statements: list[GeneratedStatement]) -> str:
        """Execute statements, all or none; why the server refuses them, else an empty text.

        The last one is of ``table``.  None is executed if one before was too slow.
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
                    raise _PassedOverError
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
        """A context in a savepoint; yields a list that gets the error after which it is undone."""
        refused: list[Exception] = []
        self._connection.execute("SAVEPOINT offered")
        try:
            yield refused
        except (psycopg.Error, _PassedOverError) as error:
            refused.append(error)
            self._connection.execute("ROLLBACK TO SAVEPOINT offered")
        self._connection.execute("RELEASE SAVEPOINT offered")

    def _note_slow(self, table: str, refused: Sequence[Exception]) -> None:
        """Pass a table over from now on, if the error is that its code was cancelled."""
        if refused and isinstance(refused[0], psycopg.errors.QueryCanceled):
            self._slow[table] = f"{table} takes more than {self._seconds:g} seconds"


class _PassedOverError(Exception):
    """A statement was accepted, and changed no row."""

    def __str__(self) -> str:
        return "a trigger or a rule suppresses the statement"
