"""Kill the server in the middle of each step, and check it after its recovery."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import psycopg

from pytest_schema_parity.migrations.apply import Failure, apply_tree
from pytest_schema_parity.postgres.cluster import Cluster
from pytest_schema_parity.postgres.conninfo import open_connection
from pytest_schema_parity.postgres.databases import clone_database, drop_database
from pytest_schema_parity.rehearsal.data import compare_data
from pytest_schema_parity.rehearsal.end_session import interruptions
from pytest_schema_parity.rehearsal.fingerprint import fingerprint
from pytest_schema_parity.rehearsal.rehearse import Changed, Rehearsal, StepOutcome
from pytest_schema_parity.rehearsal.script import StepScript, execute
from pytest_schema_parity.rehearsal.steps import MigrationStep, tree_of
from pytest_schema_parity.schema.compare import compare
from pytest_schema_parity.schema.facts import Schema


def crashed(
    rehearsal: Rehearsal,
    cluster: Cluster,
    database: str,
    read: Callable[[str], Schema],
    *,
    role: str,
) -> Iterator[StepOutcome]:
    """Kill a server in the middle of each step; report steps that are half done after recovery.

    The ``cluster`` must be durable; ``database`` is a copy of the first stage there, in which the
    steps are carried out, one after the other; ``read`` reads the facts of a database there.
    """
    rehearsal.carry_out()
    server = _Server(rehearsal, cluster, database, read, role)
    failed = ""
    for number, step in enumerate(rehearsal.steps):
        if failed:
            why = f"a crash was not tested: the earlier step {failed} could not be repeated"
            yield StepOutcome(step, unchecked=why)
            continue
        outcome = server.crash_during(number)
        yield outcome
        failures = server.carry_out(step, database)
        if failures:
            failed = step.name
            yield StepOutcome(step, failures, point=f"it was run again after {outcome.point}")


@dataclass(frozen=True, slots=True)
class _Server:
    """The server that is killed, and how to read the facts of its databases."""

    rehearsal: Rehearsal
    cluster: Cluster
    database: str
    read: Callable[[str], Schema]
    role: str

    def crash_during(self, number: int) -> StepOutcome:
        """Kill the server in the middle of a step, and check that it is not half done."""
        step, script = self.rehearsal.steps[number], self.rehearsal.script(number)
        points = interruptions(script, 2) or [0]
        middle = points[(len(points) - 1) // 2]
        point = f"the server was killed after {middle} of its statements, and has recovered"
        with self._copy(self.database, "before") as before:
            mark = fingerprint(self._reader_conninfo(self.database))
            try:
                self._crash_after(script, middle)
            except psycopg.Error as error:
                why = f"a crash was not tested: a statement failed first: {error}"
                return StepOutcome(step, point=point, unchecked=why)
            if fingerprint(self._reader_conninfo(self.database)) == mark:
                return StepOutcome(step, point=point)
            changed = self._changed(number, before)
            if any(changed):
                with self._copy(before, "after") as after:
                    self.carry_out(step, after)
                    if any(self._changed(number + 1, after)):
                        return StepOutcome(step, (), *changed, point=point)
        return StepOutcome(step, point=point)

    def carry_out(self, step: MigrationStep, database: str) -> tuple[Failure, ...]:
        """Carry a step out in a database of this server; return what failed."""
        tree = tree_of(step.up, step.up.parent)
        return apply_tree(tree, self.cluster.conninfo(database, self.role)).failures

    def _changed(self, stage: int, copy: str) -> Changed:
        """What differs from the facts of a stage, and from the rows of a copy equal to it.

        Rows of the stage itself may have other values: those of a sequence, or of ``now()``.
        """
        facts = compare(
            self.rehearsal.schema_of(self.rehearsal.stages[stage]), self.read(self.database)
        )
        ours, theirs = self._reader_conninfo(self.database), self._reader_conninfo(copy)
        return tuple(facts), tuple(compare_data(theirs, ours, exact=True))

    def _reader_conninfo(self, database: str) -> str:
        """The conninfo for the role that reads all rows, as that of the rehearsal."""
        return self.cluster.conninfo(database, self.rehearsal.reader)

    @contextmanager
    def _copy(self, database: str, name: str) -> Iterator[str]:
        copy = f"{self.database}_{name}"
        clone_database(self.cluster, database, copy)
        try:
            yield copy
        finally:
            drop_database(self.cluster, copy, force=True)

    def _crash_after(self, script: StepScript, count: int) -> None:
        """Execute the first statements of a script, and kill the server."""
        conninfo = self.cluster.conninfo(self.database, self.role)
        with closing(open_connection(conninfo)) as session:
            script.begin(session)
            for statement in script.statements[:count]:
                execute(session, statement)
            self.cluster.crash()
