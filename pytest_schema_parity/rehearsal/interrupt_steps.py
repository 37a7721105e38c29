"""Interrupt each step at several points: the database must be as before or as after the step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Final

import psycopg

from pytest_schema_parity.postgres.conninfo import open_connection
from pytest_schema_parity.rehearsal.end_session import interruptions, run_until, run_until_blocked
from pytest_schema_parity.rehearsal.fingerprint import read_fingerprint
from pytest_schema_parity.rehearsal.rehearse import UNCHANGED, Changed, Rehearsal, StepOutcome

WHILE_BLOCKED: Final = 0
"""The point at which a step waits for another session; other points count statements."""


def interrupt_steps(rehearsal: Rehearsal, *, points: int = 3) -> Iterator[StepOutcome]:
    """End the session of each step at some points, between and during statements.

    The database must then be as before the step, or as after it; and the step must succeed when it
    is carried out again.  One outcome a point: the first is while the step waits for another
    session, if it does, the last before its last statement.
    """
    rehearsal.carry_out()
    found = rehearsal.side_by_side(
        lambda number: list(_interrupt(rehearsal, number, points)), range(len(rehearsal.steps))
    )
    for outcomes in found:
        yield from outcomes


def _interrupt(rehearsal: Rehearsal, number: int, count: int) -> Iterator[StepOutcome]:
    """Interrupt one step at each point in turn, on one copy as long as that is unchanged."""
    points = [WHILE_BLOCKED, *interruptions(rehearsal.script(number), count)]
    while points:
        with rehearsal.copy(rehearsal.stages[number]) as copy:
            yield from _Interruption(rehearsal, number, copy).interrupt_at(points)


@dataclass(frozen=True, slots=True)
class _Interruption:
    """A step, by its number, and a copy of the database before it."""

    rehearsal: Rehearsal
    number: int
    copy: str

    def interrupt_at(self, points: list[int]) -> Iterator[StepOutcome]:
        """Interrupt the step at the first points, and remove these from the list.

        After an interruption that left the copy unchanged, which is proven, the next one uses the
        same copy.  After the last one the step is carried out again.
        """
        with closing(open_connection(self.rehearsal.reading(self.copy))) as session:
            yield from self._interrupt_at(points, session)

    def _interrupt_at(
        self, points: list[int], session: psycopg.Connection
    ) -> Iterator[StepOutcome]:
        step, before = self.rehearsal.steps[self.number], read_fingerprint(session)
        while points:
            point = points.pop(0)
            try:
                where = self._end_session(point)
            except psycopg.Error as error:
                text = _point_text(point)
                why = f"its session was not terminated {text}: a statement failed: {error}"
                yield StepOutcome(step, unchecked=why)
                return
            unchanged = read_fingerprint(session) == before
            if where is None:
                if unchanged:
                    continue
                return
            changed = UNCHANGED if unchanged else self._half_done_changes()
            if changed != UNCHANGED:
                yield StepOutcome(step, (), *changed, point=f"its session was terminated {where}")
                return
            if not unchanged or not points:
                yield self._repeat_step(where)
                return
            yield StepOutcome(step, point=f"its session was terminated {where}")

    @property
    def _superuser(self) -> str:
        return self.rehearsal.host.maintenance_conninfo(self.copy)

    def _end_session(self, point: int) -> str | None:
        """End the session at a point; return a text for it, or None if the step did not wait."""
        script = self.rehearsal.script(self.number)
        conninfo = self.rehearsal.conninfo_of(self.copy)
        if point != WHILE_BLOCKED:
            run_until(script, conninfo, self._superuser, point)
            return _point_text(point)
        done = run_until_blocked(script, conninfo, self._superuser)
        return None if done is None else f"during statement {done + 1}, which waited for a lock"

    def _repeat_step(self, where: str) -> StepOutcome:
        """Carry out the step again, after an interruption; the facts must be as after the step."""
        step, after = self.rehearsal.steps[self.number], self.rehearsal.stages[self.number + 1]
        failures = self.rehearsal.execute(step.up, self.copy)
        differences = self.rehearsal.changed_facts(after, self.copy)
        return StepOutcome(
            step,
            failures,
            differences,
            point=f"it was run again after its session was terminated {where}",
        )

    def _half_done_changes(self) -> Changed:
        """How the copy differs from before the step; unchanged if it is as before or after it."""
        before, after = self.rehearsal.stages[self.number : self.number + 2]
        changed = self.rehearsal.changed(before, self.copy)
        if any(changed) and any(self.rehearsal.changed(after, self.copy)):
            return changed
        return UNCHANGED


def _point_text(point: int) -> str:
    return (
        f"after {point} of its statements"
        if point != WHILE_BLOCKED
        else "during a concurrent transaction"
    )
