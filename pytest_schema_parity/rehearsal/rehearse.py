"""An upgrade rehearsed on copies of the database that is deployed: up, again, and down."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from pytest_schema_parity.catalog import read_schema
from pytest_schema_parity.errors import TreeError
from pytest_schema_parity.migrations.apply import Failure, apply_tree
from pytest_schema_parity.migrations.tree import load_tree
from pytest_schema_parity.postgres.databases import clone_database, drop_database
from pytest_schema_parity.postgres.host import Host
from pytest_schema_parity.rehearsal.data import DataChange, compare_data
from pytest_schema_parity.rehearsal.interrupt import interruptions, run_until
from pytest_schema_parity.rehearsal.steps import Step
from pytest_schema_parity.schema.compare import compare
from pytest_schema_parity.schema.difference import Difference
from pytest_schema_parity.schema.facts import Schema


@dataclass(frozen=True, slots=True)
class Outcome:
    """What carrying out a step came to, beside what it should have come to.

    ``failures`` are statements that the server refused; ``differences`` and ``changes`` facts and
    rows that are not as they have to be. It is false if there is any.
    """

    step: Step
    failures: tuple[Failure, ...] = ()
    differences: tuple[Difference, ...] = ()
    changes: tuple[DataChange, ...] = ()

    def __bool__(self) -> bool:
        return not (self.failures or self.differences or self.changes)


class Rehearsal:
    """An upgrade on copies of a database ``source`` of a host; nobody may be connected to it.

    Use it as a context manager: it drops its databases. ``role`` is who carries the steps out;
    ``root`` the directory that files are named from.
    """

    def __init__(
        self, host: Host, source: str, steps: Sequence[Step], *, role: str, root: Path
    ) -> None:
        self.steps = tuple(steps)
        self._host = host
        self._role = role
        self._root = root
        self._prefix = f"{source}_rehearsal"
        self._numbers = itertools.count(1)
        self._stages = [source]
        self._schemas: dict[str, Schema] = {}
        self._failures: list[tuple[Failure, ...]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for stage in self._stages[1:]:
            drop_database(self._host, stage, force=True)

    def upgrade(self) -> list[Outcome]:
        """Carry out every step; which rows and values of the first state are not there after each.

        A step that fails is told once, and the following are carried out all the same.
        """
        return [
            Outcome(step, failures, changes=tuple(self._lost(stage)))
            for step, failures, stage in zip(
                self.steps, self._carried_out(), self._stages[1:], strict=True
            )
        ]

    def schema(self) -> Schema:
        """The facts after the last step."""
        self._carried_out()
        return self._schema(self._stages[-1])

    @property
    def conninfo(self) -> str:
        """The database after the last step; it is dropped when the rehearsal ends."""
        self._carried_out()
        return self._conninfo(self._stages[-1])

    def again(self) -> Iterator[Outcome]:
        """Carry out each step a second time: what changes then."""
        self._carried_out()
        for step, stage in zip(self.steps, self._stages[1:], strict=True):
            with self._copy(stage) as copy:
                failures = self._execute(step.up, copy)
                yield Outcome(step, failures, *self._changed(stage, copy))

    def back(self, last: int | None = None) -> Iterator[Outcome]:
        """Roll back from after a step (by its index; the last by default): what is not restored.

        Raises TreeError at a step without a down file.
        """
        self._carried_out()
        last = len(self.steps) - 1 if last is None else last
        with self._copy(self._stages[last + 1]) as copy:
            for number in range(last, -1, -1):
                step = self.steps[number]
                if step.down is None:
                    raise TreeError(f"{step.up} has no down file: the upgrade stays from there on")
                failures = self._execute(step.down, copy)
                yield Outcome(step, failures, *self._changed(self._stages[number], copy))

    def interrupted(self, *, points: int = 3) -> Iterator[Outcome]:
        """End the session of each step at some points between its statements: what is left then.

        The database has to be as before the step, or as after it; and carrying out the step again
        has to come to its end. One outcome a point, the last point just before the last statement.
        """
        self._carried_out()
        for number, step in enumerate(self.steps):
            before, after = self._stages[number : number + 2]
            for point in interruptions(step.up, points):
                with self._copy(before) as copy:
                    run_until(step.up, self._conninfo(copy), self._host.conninfo(copy), point)
                    differences, changes = self._changed(before, copy)
                    if (differences or changes) and not any(self._changed(after, copy)):
                        differences, changes = (), ()
                    failures: tuple[Failure, ...] = ()
                    if not (differences or changes):
                        failures = self._execute(step.up, copy)
                        differences = self._changed(after, copy)[0]
                    yield Outcome(step, failures, differences, changes)

    def _carried_out(self) -> list[tuple[Failure, ...]]:
        """What failed in each step; the stages are there afterwards."""
        for step in self.steps[len(self._failures) :]:
            name = f"{self._prefix}_{len(self._stages)}"
            clone_database(self._host, self._stages[-1], name)
            self._stages.append(name)
            self._failures.append(self._execute(step.up, name))
        return self._failures

    def _execute(self, file: Path, database: str) -> tuple[Failure, ...]:
        self._schemas.pop(database, None)
        tree = load_tree(file.name, root=self._root, files=[file])
        return apply_tree(tree, self._conninfo(database)).failures

    def _lost(self, stage: str) -> Iterator[DataChange]:
        return compare_data(self._host.conninfo(self._stages[0]), self._host.conninfo(stage))

    def _changed(
        self, before: str, after: str
    ) -> tuple[tuple[Difference, ...], tuple[DataChange, ...]]:
        """Every fact and row that differs between two databases."""
        rows = compare_data(self._host.conninfo(before), self._host.conninfo(after), exact=True)
        return tuple(compare(self._schema(before), self._schema(after))), tuple(rows)

    def _schema(self, database: str) -> Schema:
        if database not in self._schemas:
            self._schemas[database] = read_schema(self._conninfo(database))
        return self._schemas[database]

    def _conninfo(self, database: str) -> str:
        return self._host.conninfo(database, self._role)

    @contextmanager
    def _copy(self, database: str) -> Iterator[str]:
        name = f"{self._prefix}_copy_{next(self._numbers)}"
        clone_database(self._host, database, name)
        try:
            yield name
        finally:
            self._schemas.pop(name, None)
            drop_database(self._host, name, force=True)
