"""Run examples on both databases at the same time, many in one round trip.

Everything happens in one transaction on each side, which begins at one instant (see
:mod:`pytest_schema_parity.behavior.instant`) and is never committed.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib.resources import files
from itertools import groupby, islice, takewhile
from typing import Final, TypeAlias

import psycopg
from psycopg import errors, sql

from pytest_schema_parity.behavior.sides import OpenSide, OpenSides
from pytest_schema_parity.behavior.statements.emptying import sweep
from pytest_schema_parity.behavior.statements.example import (
    NOT_RUN,
    Example,
    ExampleResult,
    Read,
    ResultPair,
    read_of,
)
from pytest_schema_parity.behavior.statements.model import Model
from pytest_schema_parity.behavior.statements.outcome import (
    TIMEOUT,
    parse_outcome,
    timed_out,
)
from pytest_schema_parity.behavior.statements.reading import (
    CANCELED,
    NOT_READ,
    count_and_hash,
    rows_as_json,
)
from pytest_schema_parity.behavior.statements.results_of_calls import call_as_read
from pytest_schema_parity.behavior.statements.roles import may_set
from pytest_schema_parity.behavior.statements.statement import GeneratedStatement
from pytest_schema_parity.postgres.cutting_off import GRACE, cut_off, execute_within

BATCH: Final = 250
"""How many examples run in one round trip."""
FIRST: Final = 8
"""How many run in the first one, in which most views turn out that cannot be read in time."""
ALONE: Final = 1.0
"""Seconds that one example may take."""
ASKED: Final = 10.0
"""Seconds that a query about many values may take."""
SWEPT: Final = 2_000
"""After how many statements the files of the tables are cut off again."""
EACH: Final = 0.05
"""Seconds that each example of a batch may take on average."""
READ_CANCELED: Final = ExampleResult((), (f"{CANCELED} {timed_out().message}",))
"""The result of an example whose reading is known not to end."""

Reading: TypeAlias = tuple[str, bool]
"""A table or view, and whether a role reads it."""


class Runner:
    """Runs examples on two scratch databases; counts examples and statements.

    ``roles`` can be set on both sides; ``missing_roles`` are those that a side (0, 1) cannot set.
    ``running`` are the subjects of the examples that ran last.
    ``endless`` are the views that a side (0, 1) cannot read in time: they are not read again.
    """

    def __init__(
        self,
        sides: OpenSides,
        model: Model,
        left_out: Mapping[str, str],
        roles: Sequence[str] = (),
        truncated: tuple[Sequence[str], Sequence[str]] = ((), ()),
    ) -> None:
        self.sides = sides
        self.model = model
        self.left_out = left_out
        self.statements = 0
        self.examples = 0
        self.slow: set[str] = set()
        self.running: tuple[str, ...] = ()
        self._truncated = truncated
        self._routines = {routine.name: routine for routine in model.routines}
        self._left_behind = [0, 0]
        self.endless: tuple[set[Reading], set[Reading]] = (set(), set())
        self._readers: tuple[dict[Hashable, str], dict[Hashable, str]] = ({}, {})
        sides.both(self._prepare)
        cannot = sides.both(lambda side: [r for r in roles if not may_set(side.connection, r)])
        self.missing_roles = tuple((role, side) for side in (0, 1) for role in cannot[side])
        self.roles = tuple(role for role in roles if role not in (*cannot[0], *cannot[1]))

    def batches(self, examples: Iterable[Example]) -> Iterator[list[tuple[Example, ResultPair]]]:
        """Run the examples in order; yields a batch of them with their results at a time."""
        waiting = (example for example in examples if example.subject not in self.slow)
        size = FIRST
        while batch := list(islice(waiting, size)):
            yield list(zip(batch, self.results(batch), strict=True))
            size = BATCH

    def results(self, examples: Sequence[Example]) -> list[ResultPair]:
        """Run the examples and return their results, the reference's first."""
        found: list[ResultPair] = []
        for how, group in groupby(examples, key=_reading):
            found += self._run_read(list(group), *how)
        return found

    def _run_read(
        self, examples: Sequence[Example], relations: tuple[str, ...], as_role: bool
    ) -> list[ResultPair]:
        """Run examples at whose end the same tables and views are read."""
        self.examples += len(examples)
        self.running = tuple(sorted({example.subject for example in examples}))
        self.statements += sum(len(example.statements) for example in examples)

        def work(side: OpenSide) -> list[ExampleResult]:
            return self._run_side(side, examples, relations, as_role)

        reference, candidate = self.sides.both(work)
        pairs = zip(reference, candidate, strict=True)
        found: list[ResultPair] = []
        for example, pair in zip(examples, pairs, strict=True):
            if any(o.sqlstate == TIMEOUT for result in pair for o in result.outcomes):
                self.slow.add(example.subject)
            found.append((NOT_RUN, NOT_RUN) if NOT_RUN in pair else _both_read(pair))
        return found

    def rows(self, examples: Sequence[Example], relation: str) -> list[tuple[Read, Read]]:
        """Run examples; returns what a relation shows at the end of each, on both sides."""
        found: list[tuple[Read, Read]] = []
        for as_role, group in groupby(examples, key=lambda example: example.reads_as_role):
            found += self._rows(list(group), relation, as_role)
        return found

    def _rows(
        self, examples: Sequence[Example], relation: str, as_role: bool
    ) -> list[tuple[Read, Read]]:
        def work(side: OpenSide) -> list[ExampleResult]:
            return self._run_side(side, examples, relation, as_role)

        reference, candidate = self.sides.both(work)
        return [
            (read_of(one), read_of(other)) for one, other in zip(reference, candidate, strict=True)
        ]

    def is_endless(self, example: Example, relation: str) -> bool:
        """Whether a view that a side cannot read in time is one after this example as well."""

        def work(side: OpenSide) -> bool:
            known = (relation, example.reads_as_role) in self.endless[self._number(side)]
            reader = self._reader(side, relation, example.reads_as_role)
            return known and self._call(side, [example], reader, ALONE)[1]

        return any(self.sides.both(work))

    def ask(self, queries: tuple[str, str]) -> tuple[list[tuple[object, ...]] | None, ...]:
        """The rows of a query on each side; None where it fails, or takes too long."""

        def work(side: OpenSide) -> list[tuple[object, ...]] | None:
            query = queries[self._number(side)]
            with _savepoint(side) as connection:
                try:
                    return execute_within(connection, query, ASKED).fetchall()
                except psycopg.Error:
                    return None

        return self.sides.both(work)

    def _number(self, side: OpenSide) -> int:
        return 0 if side is self.sides.reference else 1

    def _prepare(self, side: OpenSide) -> None:
        at, connection = self._number(side), side.connection
        connection.execute(files(__package__).joinpath("runner.sql").read_bytes())
        resets = "".join(
            f"PERFORM setval({sql.Literal(name).as_string(connection)}, {start}, false); "
            for name, start in sorted(self.model.sequences[at].items())
        )
        _create_function(connection, "pg_temp.schema_parity_reset", "void", f"BEGIN {resets}END")

    def _reader(self, side: OpenSide, relations: tuple[str, ...] | str, as_role: bool) -> str:
        """The query that reads these relations through a function, created when first used.

        It returns the rows of one relation (a string), counts and hashes of several (a tuple).
        A function caches its plans: planning takes longer than reading.
        """
        if not relations:
            return ""
        number = self._number(side)
        passed_over = frozenset(name for name, role in self.endless[number] if role == as_role)
        readers, key = self._readers[number], (relations, as_role, passed_over)
        if key not in readers:
            name = f"pg_temp.schema_parity_read_{len(readers)}"
            if isinstance(relations, str):
                body = rows_as_json(self.model, relations, number, as_role=as_role)
            else:
                body = count_and_hash(
                    self.model, relations, number, as_role=as_role, passed_over=passed_over
                )
            _create_function(side.connection, name, "text", body)
            if as_role:  # whatever the default privileges are
                side.connection.execute(f"GRANT EXECUTE ON FUNCTION {name}() TO PUBLIC".encode())
            readers[key] = f"SELECT {name}()"
        return readers[key]

    def _run_side(
        self,
        side: OpenSide,
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
            if (relations, as_role) in self.endless[self._number(side)]:
                return results + [READ_CANCELED] * len(waiting)
            kept = list(takewhile(lambda example: example.subject not in slow, waiting))
            limit = ALONE + len(kept) * EACH
            found, is_cut = self._call(side, kept, self._reader(side, relations, as_role), limit)
            results += found[:-1] if is_cut else found
            if at := len(kept) - len(found) + is_cut:
                example = kept[-at]
                alone = self._alone(side, example, relations, as_role)
                if any(outcome.sqlstate == TIMEOUT for outcome in alone.outcomes):
                    slow.add(example.subject)
                results.append(alone)
        return results

    def _alone(
        self, side: OpenSide, example: Example, relations: tuple[str, ...] | str, as_role: bool
    ) -> ExampleResult:
        """Run an example that may be too slow; remember the view that cannot be read in time."""
        found, is_cut = self._call(side, [example], self._reader(side, relations, as_role), ALONE)
        if not found:
            return ExampleResult(tuple(timed_out() for _ in example.statements), ())
        (result,) = found
        if not is_cut or any(outcome.sqlstate == TIMEOUT for outcome in result.outcomes):
            return result
        endless = self.endless[self._number(side)]
        if isinstance(relations, str):
            endless.add((relations, as_role))
            return result
        *read, _ = result.contents
        left = relations[len(read) :]
        culprit = self._endless_below(side, example, left, as_role)
        above = (view.name for view in self.model.views.values() if culprit in view.below)
        endless.update((name, as_role) for name in (culprit, *above))
        contents = (CANCELED if name == culprit else NOT_READ for name in left)
        return ExampleResult(result.outcomes, (*read, *contents))

    def _endless_below(
        self, side: OpenSide, example: Example, left: Sequence[str], as_role: bool
    ) -> str:
        """The view that is too slow: the first of those left, or one that it reads."""
        view = self.model.views.get(left[0])
        below = [self.model.views[name] for name in left if view and name in view.below]
        for each in sorted(below, key=lambda each: len(each.below)):
            reader = self._reader(side, (each.name,), as_role)
            if self._call(side, [example], reader, ALONE)[1]:
                return each.name
        return left[0]

    def _call(
        self, side: OpenSide, examples: Sequence[Example], reader: str, limit: float
    ) -> tuple[list[ExampleResult], bool]:
        """Run examples in one round trip, up to one that is too slow; whether one was.

        Where that is known, its result is the last: with the outcomes up to the statement that was
        too slow, or with the contents up to the relation that was.
        """
        renamed = self.model.renamed if self._number(side) else {}
        with _savepoint(side) as connection:
            connection.execute(f"SET LOCAL statement_timeout = {limit * 1000:.0f}".encode())
            try:
                with cut_off(connection, limit + GRACE):
                    found = connection.execute(
                        "SELECT outcomes, contents FROM pg_temp.schema_parity_run(%s, %s, %s, %s)",
                        (
                            [
                                self._run_as(each.in_names(renamed), self._number(side))
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
        self._sweep(side, sum(len(example.statements) for example in examples))
        results = [
            ExampleResult(tuple(map(parse_outcome, outcomes)), tuple((contents or "").split("\n")))
            for outcomes, contents in found
        ]
        last = found[-1][1] if found else ""
        is_cut = last is None or last.rpartition("\n")[2].startswith(CANCELED)
        return results, is_cut

    def _run_as(self, statement: GeneratedStatement, side: int) -> str:
        """A statement as it is run: a call of a function so that its result can be compared."""
        routine = self._routines.get(statement.table) if statement.kind == "call" else None
        return call_as_read(routine, statement, side, self.model) if routine else statement.sql

    def _sweep(self, side: OpenSide, statements: int) -> None:
        """Remove what rolled-back statements left behind, once it slows down what follows."""
        at = self._number(side)
        self._left_behind[at] += statements
        if self._left_behind[at] >= SWEPT:
            self._left_behind[at] = 0
            sweep(side.connection, self._truncated[at])


def _create_function(connection: psycopg.Connection, name: str, returns: str, body: str) -> None:
    """Create a function of PL/pgSQL; names of the tree in its body may hold any dollar quote."""
    text = sql.Literal(body).as_string(connection)
    connection.execute(
        f"CREATE FUNCTION {name}() RETURNS {returns} LANGUAGE plpgsql AS {text}".encode()
    )


def _reading(example: Example) -> tuple[tuple[str, ...], bool]:
    """What is read at the end of an example, and whether a role reads it."""
    return example.reads, example.reads_as_role


def _both_read(pair: ResultPair) -> ResultPair:
    """The results with the contents of what both sides have read."""
    contents = [
        (NOT_READ, NOT_READ) if NOT_READ in both else both
        for both in zip(pair[0].contents, pair[1].contents, strict=False)
    ]
    one, other = (tuple(both[side] for both in contents) for side in (0, 1))
    return replace(pair[0], contents=one), replace(pair[1], contents=other)


@contextmanager
def _savepoint(side: OpenSide) -> Iterator[psycopg.Connection]:
    """A context in a savepoint that is rolled back at its end in any case."""
    side.connection.execute("SAVEPOINT batch")
    yield side.connection
    side.connection.execute("ROLLBACK TO SAVEPOINT batch; RELEASE SAVEPOINT batch")
