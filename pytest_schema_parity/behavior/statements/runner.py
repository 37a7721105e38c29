"""Run examples on both databases at the same time, many in one round trip.

Everything happens in one transaction on each side, which begins at one instant (see
:mod:`pytest_schema_parity.behavior.instant`) and is never committed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.resources import files
from itertools import groupby, islice, takewhile
from typing import Final

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
from pytest_schema_parity.behavior.statements.reading import count_and_hash, rows_as_json
from pytest_schema_parity.behavior.statements.roles import may_set
from pytest_schema_parity.behavior.statements.statement import GeneratedStatement
from pytest_schema_parity.postgres.cutting_off import GRACE, cut_off, execute_within

RETURNING: Final = "SELECT /*r*/ "
"""How a call begins whose result is compared; see ``runner.sql``."""
BATCH: Final = 250
"""How many examples run in one round trip."""
ALONE: Final = 1.0
"""Seconds that one example may take."""
ASKED: Final = 10.0
"""Seconds that a query about many values may take."""
SWEPT: Final = 2_000
"""After how many statements the files of the tables are cut off again."""
EACH: Final = 0.05
"""Seconds that each example of a batch may take on average."""


class Runner:
    """Runs examples on two scratch databases; counts examples and statements.

    ``roles`` can be set on both sides; ``missing_roles`` are those that a side (0, 1) cannot set.
    ``running`` are the subjects of the examples that ran last.
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
        self._left_behind = [0, 0]
        self._readers: dict[tuple[tuple[str, ...] | str, bool], str] = {}
        sides.both(self._prepare)
        cannot = sides.both(lambda side: [r for r in roles if not may_set(side.connection, r)])
        self.missing_roles = tuple((role, side) for side in (0, 1) for role in cannot[side])
        self.roles = tuple(role for role in roles if role not in (*cannot[0], *cannot[1]))

    def batches(self, examples: Iterable[Example]) -> Iterator[list[tuple[Example, ResultPair]]]:
        """Run the examples in order; yields a batch of them with their results at a time."""
        waiting = (example for example in examples if example.subject not in self.slow)
        while batch := list(islice(waiting, BATCH)):
            yield list(zip(batch, self.results(batch), strict=True))

    def results(self, examples: Sequence[Example]) -> list[ResultPair]:
        """Run the examples and return their results, the reference's first."""
        found: list[ResultPair] = []
        for how, group in groupby(examples, key=_reading):
            found += self._run_read(list(group), self._reader(*how))
        return found

    def _run_read(self, examples: Sequence[Example], reader: str) -> list[ResultPair]:
        """Run examples that all end with the query ``reader``."""
        self.examples += len(examples)
        self.running = tuple(sorted({example.subject for example in examples}))
        self.statements += sum(len(example.statements) for example in examples)

        def work(side: OpenSide) -> list[ExampleResult]:
            return self._run_side(side, examples, reader)

        reference, candidate = self.sides.both(work)
        pairs = zip(reference, candidate, strict=True)
        found: list[ResultPair] = []
        for example, pair in zip(examples, pairs, strict=True):
            if any(o.sqlstate == TIMEOUT for result in pair for o in result.outcomes):
                self.slow.add(example.subject)
            found.append((NOT_RUN, NOT_RUN) if NOT_RUN in pair else pair)
        return found

    def rows(self, examples: Sequence[Example], relation: str) -> list[tuple[Read, Read]]:
        """Run examples; returns what a relation shows at the end of each, on both sides."""
        found: list[tuple[Read, Read]] = []
        for as_role, group in groupby(examples, key=lambda example: example.reads_as_role):
            found += self._rows(list(group), self._reader(relation, as_role))
        return found

    def _rows(self, examples: Sequence[Example], reader: str) -> list[tuple[Read, Read]]:
        reference, candidate = self.sides.both(lambda s: self._run_side(s, examples, reader))
        return [
            (read_of(one), read_of(other)) for one, other in zip(reference, candidate, strict=True)
        ]

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

    def _reader(self, relations: tuple[str, ...] | str, as_role: bool = False) -> str:
        """The query that reads these relations through a function, created when first used.

        It returns the rows of one relation (a string), counts and hashes of several (a tuple).
        A function caches its plans: planning takes longer than reading.
        """
        if not relations:
            return ""
        if (relations, as_role) not in self._readers:
            name = f"pg_temp.schema_parity_read_{len(self._readers)}"

            def create(side: OpenSide) -> None:
                number = self._number(side)
                if isinstance(relations, str):
                    body = rows_as_json(self.model, relations, number, as_role=as_role)
                else:
                    body = count_and_hash(self.model, relations, number, as_role=as_role)
                _create_function(side.connection, name, "text", body)
                if as_role:  # whatever the default privileges are
                    side.connection.execute(
                        f"GRANT EXECUTE ON FUNCTION {name}() TO PUBLIC".encode()
                    )

            self.sides.both(create)
            self._readers[relations, as_role] = f"SELECT {name}()"
        return self._readers[relations, as_role]

    def _run_side(
        self, side: OpenSide, examples: Sequence[Example], reader: str
    ) -> list[ExampleResult]:
        """Run a batch on one side; after an example that is too slow, skip its subject."""
        results: list[ExampleResult] = []
        slow: set[str] = set()
        while len(results) < len(examples):
            waiting = examples[len(results) :]
            if waiting[0].subject in slow:
                results.append(NOT_RUN)
                continue
            kept = list(takewhile(lambda example: example.subject not in slow, waiting))
            limit = ALONE + len(kept) * EACH
            found = self._call(side, kept, reader, limit)
            results += found
            if len(found) < len(kept):
                alone = self._call(side, [kept[len(found)]], reader, ALONE)
                if not alone:
                    slow.add(kept[len(found)].subject)
                    cancelled = tuple(timed_out() for _ in kept[len(found)].statements)
                    alone = [ExampleResult(cancelled, ())]
                results += alone
        return results

    def _call(
        self, side: OpenSide, examples: Sequence[Example], reader: str, limit: float
    ) -> list[ExampleResult]:
        """Run examples in one round trip; if one is too slow, return only the results up to it."""
        renamed = self.model.renamed if self._number(side) else {}
        with _savepoint(side) as connection:
            connection.execute(f"SET LOCAL statement_timeout = {limit * 1000:.0f}".encode())
            try:
                with cut_off(connection, limit + GRACE):
                    found = connection.execute(
                        "SELECT outcomes, contents FROM pg_temp.schema_parity_run(%s, %s, %s, %s)",
                        (
                            [
                                _run_as(each.in_names(renamed))
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
        return [
            ExampleResult(tuple(map(parse_outcome, outcomes)), tuple((contents or "").split("\n")))
            for outcomes, contents in found
            if outcomes is not None
        ]

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


def _run_as(statement: GeneratedStatement) -> str:
    """A statement as it is run: of a function, so that its result can be compared."""
    if statement.kind == "call":
        return statement.sql.replace("SELECT ", RETURNING, 1)
    return statement.sql


def _reading(example: Example) -> tuple[tuple[str, ...], bool]:
    """What is read at the end of an example, and whether a role reads it."""
    return example.reads, example.reads_as_role


@contextmanager
def _savepoint(side: OpenSide) -> Iterator[psycopg.Connection]:
    """A context in a savepoint that is rolled back at its end in any case."""
    side.connection.execute("SAVEPOINT batch")
    yield side.connection
    side.connection.execute("ROLLBACK TO SAVEPOINT batch; RELEASE SAVEPOINT batch")
