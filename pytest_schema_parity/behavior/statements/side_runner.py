"""Run examples on one of two databases, and find the views that are too slow to read."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from itertools import takewhile
from typing import Final, TypeAlias

import psycopg
from psycopg import errors, sql

from pytest_schema_parity.behavior.connections import OpenSide
from pytest_schema_parity.behavior.statements.call_sql import call_as_read
from pytest_schema_parity.behavior.statements.emptying import remove_dead_rows
from pytest_schema_parity.behavior.statements.example import NOT_RUN, Example, ExampleResult
from pytest_schema_parity.behavior.statements.generated_statement import GeneratedStatement
from pytest_schema_parity.behavior.statements.model import Model
from pytest_schema_parity.behavior.statements.outcome import TIMEOUT, parse_outcome, timed_out
from pytest_schema_parity.behavior.statements.read_sql import (
    CANCELED,
    NOT_READ,
    count_and_hash,
    rows_as_json,
)
from pytest_schema_parity.postgres.cancelling import GRACE, cancel_after

EXAMPLE_TIMEOUT: Final = 1.0
"""Seconds that one example may take."""
STATEMENTS_PER_TRUNCATE: Final = 2_000
"""After how many statements the tables are truncated again."""
AVERAGE_TIMEOUT: Final = 0.05
"""Seconds by which each example extends the timeout of its batch."""
READ_CANCELED: Final = ExampleResult((), (f"{CANCELED} {timed_out().message}",))
"""The result of an example after which a view is read that is known as too slow."""

RelationRead: TypeAlias = tuple[str, bool]
"""A table or view, and whether a role reads it."""


class SideRunner:
    """Runs examples on one side, whose ``number`` is 0 or 1.

    ``too_slow_views`` cannot be read in time: they are not read again.
    """

    def __init__(self, side: OpenSide, number: int, model: Model, truncated: Sequence[str]) -> None:
        self.side = side
        self.number = number
        self.model = model
        self.too_slow_views: set[RelationRead] = set()
        self._truncated = truncated
        self._routines = {routine.name: routine for routine in model.routines}
        self._since_truncate = 0
        self._readers: dict[Hashable, str] = {}

    def prepare(self) -> None:
        """Create the functions that run examples; the rollback drops them."""
        connection = self.side.connection
        connection.execute(files(__package__).joinpath("runner.sql").read_bytes())
        resets = "".join(
            f"PERFORM setval({sql.Literal(name).as_string(connection)}, {start}, false); "
            for name, start in sorted(self.model.sequences[self.number].items())
        )
        _create_function(connection, "pg_temp.schema_parity_reset", "void", f"BEGIN {resets}END")

    def reader(self, relations: tuple[str, ...] | str, as_role: bool) -> str:
        """The query that reads these relations through a function, created when first used.

        It returns the rows of one relation (a string), counts and hashes of several (a tuple).
        A function caches its plans: planning takes longer than reading.
        """
        if not relations:
            return ""
        passed_over = frozenset(name for name, role in self.too_slow_views if role == as_role)
        readers, key = self._readers, (relations, as_role, passed_over)
        if key not in readers:
            name = f"pg_temp.schema_parity_read_{len(readers)}"
            if isinstance(relations, str):
                body = rows_as_json(self.model, relations, self.number, as_role=as_role)
            else:
                body = count_and_hash(
                    self.model, relations, self.number, as_role=as_role, passed_over=passed_over
                )
            _create_function(self.side.connection, name, "text", body)
            if as_role:  # whatever the default privileges are
                self.side.connection.execute(
                    f"GRANT EXECUTE ON FUNCTION {name}() TO PUBLIC".encode()
                )
            readers[key] = f"SELECT {name}()"
        return readers[key]

    def run(
        self,
        examples: Sequence[Example],
        relations: tuple[str, ...] | str,
        as_role: bool,
    ) -> list[ExampleResult]:
        """Run a batch on one side; after an example that is too slow, skip its subject.

        After one in which reading a view is too slow, do not read that view.
        """
        results: list[ExampleResult] = []
        slow: set[str] = set()
        while len(results) < len(examples):
            waiting = examples[len(results) :]
            if waiting[0].subject in slow:
                results.append(NOT_RUN)
                continue
            if (relations, as_role) in self.too_slow_views:
                return results + [READ_CANCELED] * len(waiting)
            kept = list(takewhile(lambda example: example.subject not in slow, waiting))
            limit = EXAMPLE_TIMEOUT + len(kept) * AVERAGE_TIMEOUT
            found, is_cut = self.call(kept, self.reader(relations, as_role), limit)
            results += found[:-1] if is_cut else found
            if at := len(kept) - len(found) + is_cut:
                example = kept[-at]
                alone = self._run_alone(example, relations, as_role)
                if any(outcome.sqlstate == TIMEOUT for outcome in alone.outcomes):
                    slow.add(example.subject)
                results.append(alone)
        return results

    def _run_alone(
        self, example: Example, relations: tuple[str, ...] | str, as_role: bool
    ) -> ExampleResult:
        """Run one example that may be too slow; add a view that cannot be read in time."""
        found, is_cut = self.call([example], self.reader(relations, as_role), EXAMPLE_TIMEOUT)
        if not found:
            return ExampleResult(tuple(timed_out() for _ in example.statements), ())
        (result,) = found
        if not is_cut or any(outcome.sqlstate == TIMEOUT for outcome in result.outcomes):
            return result
        if isinstance(relations, str):
            self.too_slow_views.add((relations, as_role))
            return result
        *read, _ = result.contents
        left = relations[len(read) :]
        culprit = self._too_slow_view(example, left, as_role)
        above = (view.name for view in self.model.views.values() if culprit in view.below)
        self.too_slow_views.update((name, as_role) for name in (culprit, *above))
        contents = (CANCELED if name == culprit else NOT_READ for name in left)
        return ExampleResult(result.outcomes, (*read, *contents))

    def _too_slow_view(self, example: Example, left: Sequence[str], as_role: bool) -> str:
        """The view that is too slow: the first of those ``left``, or a view that it reads."""
        view = self.model.views.get(left[0])
        below = [self.model.views[name] for name in left if view and name in view.below]
        for each in sorted(below, key=lambda each: len(each.below)):
            reader = self.reader((each.name,), as_role)
            if self.call([example], reader, EXAMPLE_TIMEOUT)[1]:
                return each.name
        return left[0]

    def call(
        self, examples: Sequence[Example], reader: str, limit: float
    ) -> tuple[list[ExampleResult], bool]:
        """Run examples in one round trip, up to one that is too slow.

        Returns the results, and whether the last is of an example that was too slow: it has the
        outcomes up to the slow statement, or the contents up to the slow relation.
        """
        renamed = self.model.renamed if self.number else {}
        with savepoint(self.side) as connection:
            connection.execute(f"SET LOCAL statement_timeout = {limit * 1000:.0f}".encode())
            try:
                with cancel_after(connection, limit + GRACE):
                    found = connection.execute(
                        "SELECT outcomes, contents FROM pg_temp.schema_parity_run(%s, %s, %s, %s)",
                        (
                            [
                                self._sql_to_run(each.in_names(renamed))
                                for example in examples
                                for each in example.statements
                            ],
                            [len(example.statements) for example in examples],
                            reader,
                            self.model.deferrable,
                        ),
                    ).fetchall()
            except errors.QueryCanceled:  # between statements, or while reading
                found = []
        self._remove_dead_rows(sum(len(example.statements) for example in examples))
        results = [
            ExampleResult(tuple(map(parse_outcome, outcomes)), tuple((contents or "").split("\n")))
            for outcomes, contents in found
        ]
        last = found[-1][1] if found else ""
        is_cut = last is None or last.rpartition("\n")[2].startswith(CANCELED)
        return results, is_cut

    def _sql_to_run(self, statement: GeneratedStatement) -> str:
        """The SQL of a statement on this side; a call of a function returns a comparable result."""
        routine = self._routines.get(statement.table) if statement.kind == "call" else None
        return (
            call_as_read(routine, statement, self.number, self.model) if routine else statement.sql
        )

    def _remove_dead_rows(self, statements: int) -> None:
        """Remove dead rows after every :data:`STATEMENTS_PER_TRUNCATE` statements."""
        self._since_truncate += statements
        if self._since_truncate >= STATEMENTS_PER_TRUNCATE:
            self._since_truncate = 0
            remove_dead_rows(self.side.connection, self._truncated)


def _create_function(connection: psycopg.Connection, name: str, returns: str, body: str) -> None:
    """Create a PL/pgSQL function.  The body is a literal, as names in it may contain $$."""
    text = sql.Literal(body).as_string(connection)
    connection.execute(
        f"CREATE FUNCTION {name}() RETURNS {returns} LANGUAGE plpgsql AS {text}".encode()
    )


@contextmanager
def savepoint(side: OpenSide) -> Iterator[psycopg.Connection]:
    """A context in a savepoint that is always rolled back at its end."""
    side.connection.execute("SAVEPOINT batch")
    yield side.connection
    side.connection.execute("ROLLBACK TO SAVEPOINT batch; RELEASE SAVEPOINT batch")
