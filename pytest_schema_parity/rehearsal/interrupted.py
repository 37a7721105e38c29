"""Interrupt each step at several points: the database must be as before or as after the step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import psycopg

from pytest_schema_parity.rehearsal.interrupt import interruptions, run_until, run_until_blocked
from pytest_schema_parity.rehearsal.rehearse import UNCHANGED, Changed, Rehearsal, StepOutcome

BLOCKED: Final = 0
"""The number for the point at which a step waits for another session."""


def interrupted(rehearsal: Rehearsal, *, points: int = 3) -> Iterator[StepOutcome]:
    """End the session of each step at some points, between and during statements.

    The database must then be as before the step, or as after it; and the step must succeed when it
    is carried out again. One outcome a point, the last point just before the last statement.
    """
    rehearsal.carry_out()
    places = [
        (number, point)
        for number in range(len(rehearsal.steps))
        for point in (*interruptions(rehearsal.script(number), points), BLOCKED)
    ]
    found = rehearsal.side_by_side(lambda place: _interrupted_at(rehearsal, *place), places)
    yield from (outcome for outcome in found if outcome is not None)


def _interrupted_at(rehearsal: Rehearsal, number: int, point: int) -> StepOutcome | None:
    """End a step's session after so many statements; None if the step fails or does not wait."""
    step, stage = rehearsal.steps[number], rehearsal.stages[number]
    script = rehearsal.script(number)
    with rehearsal.copy(stage) as copy:
        conninfo, superuser = rehearsal.conninfo_of(copy), rehearsal.host.conninfo(copy)
        where = f"after {point} of its statements" if point != BLOCKED else "beside a writer"
        try:
            if point != BLOCKED:
                run_until(script, conninfo, superuser, point)
            elif (done := run_until_blocked(script, conninfo, superuser)) is not None:
                where = f"during statement {done + 1}, which waited for a lock"
            else:
                return None
        except psycopg.Error as error:
            why = f"its session was not ended {where}, as a statement failed before: {error}"
            return StepOutcome(step, unchecked=why)
        changed = UNCHANGED
        if not rehearsal.is_as(stage, superuser):
            changed = _between(rehearsal, number, copy)
        if changed != UNCHANGED:
            return StepOutcome(step, (), *changed, point=f"its session was ended {where}")
        failures = rehearsal.execute(step.up, copy)
        changed = (), ()
        if point == BLOCKED or failures:
            changed = rehearsal.changed(rehearsal.stages[number + 1], copy)[0], ()
        return StepOutcome(
            step, failures, *changed, point=f"it was run again after it ended {where}"
        )


def _between(rehearsal: Rehearsal, number: int, copy: str) -> Changed:
    """How a copy differs from the stage before a step; unchanged if it equals one of the stages."""
    changed = rehearsal.changed(rehearsal.stages[number], copy)
    if any(changed) and any(rehearsal.changed(rehearsal.stages[number + 1], copy)):
        return changed
    return UNCHANGED
