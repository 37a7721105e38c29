"""Rehearse an upgrade on copies of the deployed database: up, again, and down."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self, TypeVar

from pytest_schema_parity.catalog import read_schema
from pytest_schema_parity.errors import TreeError
from pytest_schema_parity.migrations.apply import Applied, Failure, apply_tree
from pytest_schema_parity.postgres.databases import clone_database, drop_database
from pytest_schema_parity.postgres.host import Host
from pytest_schema_parity.postgres.processors import processors
from pytest_schema_parity.rehearsal.data import DataChange, compare_data
from pytest_schema_parity.rehearsal.fingerprint import Fingerprint, fingerprint
from pytest_schema_parity.rehearsal.script import StepScript, read_script
from pytest_schema_parity.rehearsal.steps import MigrationStep, tree_of
from pytest_schema_parity.schema.compare import compare
from pytest_schema_parity.schema.difference import Difference
from pytest_schema_parity.schema.facts import Schema

_Given = TypeVar("_Given")
_Found = TypeVar("_Found")
Changed = tuple[tuple[Difference, ...], tuple[DataChange, ...]]
"""Every fact and row that differs between two databases."""
UNCHANGED: Changed = ((), ())


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """The result of carrying out a step, compared with the expected one.

    ``failures`` are statements that failed; ``differences`` and ``changes`` are facts and rows that
    differ from the expected ones; ``unchecked`` says why the step could not be checked. It is false
    if there is any. ``point`` says where the step was interrupted, if it was.
    """

    step: MigrationStep
    failures: tuple[Failure, ...] = ()
    differences: tuple[Difference, ...] = ()
    changes: tuple[DataChange, ...] = ()
    point: str = ""
    unchecked: str = ""

    def __bool__(self) -> bool:
        return not (self.failures or self.differences or self.changes or self.unchecked)


class Rehearsal:
    """An upgrade on copies of a database ``source`` of a host, which must have no connections.

    Use it as a context manager: it drops its databases. ``role`` carries the steps out,
    ``reader`` reads all rows (None: the superuser);
    file names are relative to ``root``; ``read`` reads the facts of a database of the host, by its
    name; ``statement_timeout`` is in seconds. Several steps are worked on in parallel.
    """

    def __init__(
        self,
        host: Host,
        source: str,
        steps: Sequence[MigrationStep],
        *,
        role: str,
        reader: str | None = None,
        root: Path,
        read: Callable[[str], Schema] | None = None,
        statement_timeout: float | None = None,
    ) -> None:
        self.steps = tuple(steps)
        self.host = host
        self.stages = [source]
        """The names of the databases before the first step, and after each that was carried out."""
        self._role = role
        self.reader = reader
        self._root = root
        self._read = read or (lambda name: read_schema(self.conninfo_of(name)))
        self.statement_timeout = statement_timeout
        self._prefix = f"{source}_rehearsal"
        self._numbers = itertools.count(1)
        self._schemas: dict[str, Schema] = {}
        self._fingerprints: dict[str, Fingerprint] = {}
        self._failures: list[tuple[Failure, ...]] = []
        self._in_our_transaction: list[bool] = []
        self._locks: dict[str, Lock] = {source: Lock()}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for stage in self.stages[1:]:
            drop_database(self.host, stage, force=True)

    def upgrade(self) -> list[StepOutcome]:
        """Carry out every step; return which rows and values of the first state each stage lacks.

        After a step that fails, the following steps are still carried out.
        """
        outcomes = self.carry_out()
        lost = self.side_by_side(lambda n: tuple(self._lost_rows(n)), range(1, len(self.stages)))
        return [
            replace(each, changes=changes) for each, changes in zip(outcomes, lost, strict=True)
        ]

    def carry_out(self) -> list[StepOutcome]:
        """Carry out every step, if not done yet; return the failed statements of each."""
        for step in self.steps[len(self._failures) :]:
            name = f"{self._prefix}_{len(self.stages)}"
            clone_database(self.host, self.stages[-1], name)
            self.stages.append(name)
            self._locks[name] = Lock()
            applied = self._apply(step.up, name)
            self._in_our_transaction.append(not applied.not_in_one_transaction)
            self._failures.append(applied.failures)
        return list(map(StepOutcome, self.steps, self._failures))

    def keep_before(self, number: int) -> None:
        """Drop a step, by its index, and those after it: later calls are about the steps before."""
        self.carry_out()
        self.steps = self.steps[:number]
        for stage in self.stages[number + 1 :]:
            drop_database(self.host, stage, force=True)
        del self.stages[number + 1 :], self._failures[number:], self._in_our_transaction[number:]

    def schema(self) -> Schema:
        """The schema after the last step."""
        self.carry_out()
        return self.schema_of(self.stages[-1])

    @property
    def conninfo(self) -> str:
        """The conninfo of the database after the last step; the rehearsal drops it at its end."""
        self.carry_out()
        return self.host.conninfo(self.stages[-1], self._role)

    def again(self) -> Iterator[StepOutcome]:
        """Carry out each step a second time, on a copy; return what that changes."""
        self.carry_out()
        yield from self.side_by_side(self._repeat_step, range(len(self.steps)))

    def back(self, last: int | None = None) -> Iterator[StepOutcome]:
        """Roll back from after a step (an index; by default the last); return what is not restored.

        Raises TreeError at a step without a down file.
        """
        self.carry_out()
        last = len(self.steps) - 1 if last is None else last
        with self.copy(self.stages[last + 1]) as copy:
            for number in range(last, -1, -1):
                step = self.steps[number]
                if step.down is None:
                    raise TreeError(
                        f"{step.up} has no down file, so the upgrade cannot be rolled back further"
                    )
                failures = self.execute(step.down, copy)
                yield StepOutcome(step, failures, *self.changed(self.stages[number], copy))

    def execute(self, file: Path, database: str) -> tuple[Failure, ...]:
        """Carry out a file as its tool would; return what failed."""
        return self._apply(file, database).failures

    def script(self, number: int) -> StepScript:
        """The statements of a step, in one transaction of ours if that was how it was carried out.

        Raises ScriptError.
        """
        self.carry_out()
        return read_script(
            self.steps[number].up, in_our_transaction=self._in_our_transaction[number]
        )

    def _apply(self, file: Path, database: str) -> Applied:
        """Apply a file to a database, whose cached schema is dropped."""
        self._schemas.pop(database, None)
        tree = tree_of(file, self._root)
        conninfo = self.conninfo_of(database)
        return apply_tree(tree, conninfo, statement_timeout=self.statement_timeout)

    def changed(self, stage: str, copy: str) -> Changed:
        """Every fact and row that differs between a stage and a copy."""
        facts = self.changed_facts(stage, copy)
        with self._locks[stage]:
            rows = compare_data(self.reading(stage), self.reading(copy), exact=True)
            return facts, tuple(rows)

    def changed_facts(self, stage: str, copy: str) -> tuple[Difference, ...]:
        """Every fact that differs between a stage and a copy."""
        return tuple(compare(self.schema_of(stage), self._read(copy)))

    def is_as(self, stage: str, conninfo: str) -> bool:
        """Whether a copy of a stage is unchanged; ``conninfo`` is of a role that reads all rows."""
        with self._locks[stage]:
            if stage not in self._fingerprints:
                self._fingerprints[stage] = fingerprint(self.reading(stage))
        return fingerprint(conninfo) == self._fingerprints[stage]

    def schema_of(self, stage: str) -> Schema:
        """The schema of a stage, which is read once."""
        with self._locks[stage]:
            if stage not in self._schemas:
                self._schemas[stage] = self._read(stage)
            return self._schemas[stage]

    def conninfo_of(self, database: str) -> str:
        """The conninfo of a database for the role that carries the steps out."""
        return self.host.conninfo(database, self._role)

    def reading(self, database: str) -> str:
        """The conninfo of a database for the role that reads all rows.

        Not a superuser if the tree is not applied as one: reading calls functions of the tree.
        """
        return self.host.conninfo(database, self.reader)

    @contextmanager
    def copy(self, stage: str) -> Iterator[str]:
        """A context with the name of a copy of a stage, or of a copy, dropped at its end."""
        name = f"{self._prefix}_copy_{next(self._numbers)}"
        with self._locks.get(stage) or nullcontext():
            clone_database(self.host, stage, name)
        try:
            yield name
        finally:
            drop_database(self.host, name, force=True)

    def side_by_side(
        self, work: Callable[[_Given], _Found], given: Iterable[_Given]
    ) -> list[_Found]:
        """Call ``work`` with each, several at the same time; return the results in order.

        Two for each processor: one may wait for a lock, or for the disk.
        """
        with ThreadPoolExecutor(2 * processors(), "schema-parity-rehearsal") as pool:
            return list(pool.map(work, given))

    def _repeat_step(self, number: int) -> StepOutcome:
        stage = self.stages[number + 1]
        with self.copy(stage) as copy:
            failures = self.execute(self.steps[number].up, copy)
            return StepOutcome(self.steps[number], failures, *self.changed(stage, copy))

    def _lost_rows(self, number: int) -> Iterator[DataChange]:
        before, after = (self.reading(self.stages[each]) for each in (0, number))
        return compare_data(before, after, follow=True)
