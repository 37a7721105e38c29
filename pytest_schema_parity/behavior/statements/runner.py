"""Run examples on both databases at the same time, many in one round trip.

Everything happens in one transaction on each side, which begins at one instant (see
:mod:`pytest_schema_parity.behavior.same_now`) and is never committed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby, islice
from typing import Final

import psycopg

from pytest_schema_parity.behavior.connections import OpenSide, OpenSides
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
)
from pytest_schema_parity.behavior.statements.read_sql import (
    NOT_READ,
)
from pytest_schema_parity.behavior.statements.role_statements import may_set
from pytest_schema_parity.behavior.statements.side_runner import (
    EXAMPLE_TIMEOUT,
    SideRunner,
    savepoint,
)
from pytest_schema_parity.postgres.cancelling import execute_within

BATCH: Final = 250
"""How many examples run in one round trip."""
FIRST_BATCH: Final = 8
"""How many run in the first round trip, which finds most views that are too slow to read."""
QUERY_TIMEOUT: Final = 10.0
"""Seconds that a query of :meth:`Runner.query_both` may take."""


class Runner:
    """Runs examples on two scratch databases; counts examples and statements.

    ``roles`` can be set on both sides; ``missing_roles`` are those that a side (0, 1) cannot set.
    ``running`` are the subjects of the examples that ran last.  ``left_out`` has the reasons, by
    name, why relations and routines are not tested.  ``too_slow_views`` are, by side (0, 1), the
    views that cannot be read in time: they are not read again.
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
        self._sides = tuple(
            SideRunner(side, at, model, truncated[at]) for at, side in enumerate(sides)
        )
        self.too_slow_views = tuple(each.too_slow_views for each in self._sides)
        sides.both(lambda side: self._runner_of(side).prepare())
        cannot = sides.both(lambda side: [r for r in roles if not may_set(side.connection, r)])
        self.missing_roles = tuple((role, side) for side in (0, 1) for role in cannot[side])
        self.roles = tuple(role for role in roles if role not in (*cannot[0], *cannot[1]))

    def batches(self, examples: Iterable[Example]) -> Iterator[list[tuple[Example, ResultPair]]]:
        """Run the examples in order; yields a batch of them with their results at a time."""
        waiting = (example for example in examples if example.subject not in self.slow)
        size = FIRST_BATCH
        while batch := list(islice(waiting, size)):
            yield list(zip(batch, self.results(batch), strict=True))
            size = BATCH

    def results(self, examples: Sequence[Example]) -> list[ResultPair]:
        """Run the examples and return their results, the reference's first."""
        found: list[ResultPair] = []
        for how, group in groupby(examples, key=_reads_at_end):
            found += self._run_read(list(group), *how)
        return found

    def _run_read(
        self, examples: Sequence[Example], relations: tuple[str, ...], as_role: bool
    ) -> list[ResultPair]:
        """Run examples at whose end the same tables and views are read."""
        self.examples += len(examples)
        self.running = tuple(sorted({example.subject for example in examples}))
        self.statements += sum(len(example.statements) for example in examples)

        reference, candidate = self._run_on_both(examples, relations, as_role)
        pairs = zip(reference, candidate, strict=True)
        found: list[ResultPair] = []
        for example, pair in zip(examples, pairs, strict=True):
            if any(o.sqlstate == TIMEOUT for result in pair for o in result.outcomes):
                self.slow.add(example.subject)
            found.append((NOT_RUN, NOT_RUN) if NOT_RUN in pair else _mask_unread(pair))
        return found

    def rows(self, examples: Sequence[Example], relation: str) -> list[tuple[Read, Read]]:
        """Run examples; return the rows of a relation at the end of each, on both sides."""
        found: list[tuple[Read, Read]] = []
        for as_role, group in groupby(examples, key=lambda example: example.reads_as_role):
            found += self._rows(list(group), relation, as_role)
        return found

    def _rows(
        self, examples: Sequence[Example], relation: str, as_role: bool
    ) -> list[tuple[Read, Read]]:
        reference, candidate = self._run_on_both(examples, relation, as_role)
        return [
            (read_of(one), read_of(other)) for one, other in zip(reference, candidate, strict=True)
        ]

    def _run_on_both(
        self, examples: Sequence[Example], relations: tuple[str, ...] | str, as_role: bool
    ) -> tuple[list[ExampleResult], list[ExampleResult]]:
        """Run examples on both sides at the same time; return the results of each side."""
        return self.sides.both(lambda side: self._runner_of(side).run(examples, relations, as_role))

    def is_too_slow(self, example: Example, relation: str) -> bool:
        """Whether a view, known as too slow, cannot be read in time after this example either."""

        def is_too_slow_on(side: OpenSide) -> bool:
            on = self._runner_of(side)
            known = (relation, example.reads_as_role) in on.too_slow_views
            reader = on.reader(relation, example.reads_as_role)
            return known and on.call([example], reader, EXAMPLE_TIMEOUT)[1]

        return any(self.sides.both(is_too_slow_on))

    def query_both(self, queries: tuple[str, str]) -> tuple[list[tuple[object, ...]] | None, ...]:
        """The rows of a query on each side; None if it fails, or takes too long."""

        def query_side(side: OpenSide) -> list[tuple[object, ...]] | None:
            query = queries[self._number(side)]
            with savepoint(side) as connection:
                try:
                    return execute_within(connection, query, QUERY_TIMEOUT).fetchall()
                except psycopg.Error:
                    return None

        return self.sides.both(query_side)

    def _number(self, side: OpenSide) -> int:
        return 0 if side is self.sides.reference else 1

    def _runner_of(self, side: OpenSide) -> SideRunner:
        return self._sides[self._number(side)]


def _reads_at_end(example: Example) -> tuple[tuple[str, ...], bool]:
    """What is read at the end of an example, and whether a role reads it."""
    return example.reads, example.reads_as_role


def _mask_unread(pair: ResultPair) -> ResultPair:
    """The results of both sides, with a relation that one side did not read as unread on both."""
    contents = [
        (NOT_READ, NOT_READ) if NOT_READ in both else both
        for both in zip(pair[0].contents, pair[1].contents, strict=False)
    ]
    one, other = (tuple(both[side] for both in contents) for side in (0, 1))
    return replace(pair[0], contents=one), replace(pair[1], contents=other)
