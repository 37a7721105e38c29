"""``rollback``: down files restore every fact and row, and keep rows that were written since."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final, TypeAlias

from pytest_schema_parity.behavior.filling import Filling
from pytest_schema_parity.checks.check import Context
from pytest_schema_parity.checks.configured_rehearsal import ConfiguredRehearsal
from pytest_schema_parity.checks.rehearsal_findings import (
    amount,
    change_key,
    lost,
    outcome_lines,
    refused_notes,
    rehearsal_note,
    step_finding,
)
from pytest_schema_parity.errors import TreeError
from pytest_schema_parity.findings.finding import Finding
from pytest_schema_parity.findings.wording import counted
from pytest_schema_parity.rehearsal.later_rows import LaterRows, roll_back_later_rows
from pytest_schema_parity.rehearsal.rehearse import Rehearsal, StepOutcome
from pytest_schema_parity.rehearsal.steps import MigrationStep
from pytest_schema_parity.schema.difference import Difference

LATER_ROWS: Final = "later rows"
"""The attribute of a down file that fails only on rows that were written after the upgrade."""
_Statement: TypeAlias = tuple[str, int, int]


def rollback(context: Context) -> Iterator[Finding]:
    """A finding for each step that has no down file, or whose down file does not restore all."""
    rehearsed = context.rehearsed()
    rehearsal = rehearsed.reached()
    steps = rehearsal.steps
    for step in steps:
        if step.down is None:
            yield step_finding(
                rehearsed,
                "rollback",
                step,
                f"{rehearsed.shown(step.up)} has no down file, so it cannot be rolled back",
                change="missing",
            )
    starts = _starts(steps)
    with ThreadPoolExecutor(1, "schema-parity-later-rows") as pool:
        later = pool.submit(_roll_back_with_later_rows, rehearsed)
        found = rehearsal.side_by_side(lambda last: list(_roll_back(rehearsal, last)), starts)
    reported: set[str] = set()
    refused: set[_Statement] = set()
    for outcome in itertools.chain.from_iterable(found):
        if outcome or outcome.step.name in reported or outcome.step.down is None:
            continue
        reported.add(outcome.step.name)
        refused |= _refused_statements(outcome)
        yield step_finding(
            rehearsed,
            "rollback",
            outcome.step,
            f"{rehearsed.shown(outcome.step.down)} does not restore the previous state: "
            + amount(outcome),
            outcome_lines(outcome),
        )
    if (rolled_back := later.result()) is not None:
        yield from _later_row_findings(rehearsed, *rolled_back, refused)
    elif steps:
        title = (
            "not tested with rows that were written after the upgrade:"
            f" {steps[-1].name}, the last step, has no down file"
        )
        yield rehearsal_note(rehearsed.config.name, "rollback", "", title)


def _starts(steps: Sequence[MigrationStep]) -> list[int]:
    """The indexes of the steps from which a rollback starts, so that each down file is run.

    These are the last step, the one in the middle, and those before a step without a down file.
    """
    before = [at - 1 for at, step in enumerate(steps) if step.down is None]
    starts = (len(steps) - 1, len(steps) // 2 - 1, *before)
    return [at for at in dict.fromkeys(starts) if at >= 0 and steps[at].down]


def _roll_back_with_later_rows(rehearsed: ConfiguredRehearsal) -> tuple[LaterRows, Filling] | None:
    """Write rows to the upgraded database and roll back; None if the last step has no down file."""
    rehearsal = rehearsed.rehearsal
    if not rehearsal.steps or rehearsal.steps[-1].down is None:
        return None
    fillings: list[Filling] = []
    found = roll_back_later_rows(
        rehearsal, lambda database: fillings.append(rehearsed.write_later_rows(database))
    )
    return found, fillings[0]


def _later_row_findings(
    rehearsed: ConfiguredRehearsal, found: LaterRows, filling: Filling, refused: set[_Statement]
) -> Iterator[Finding]:
    """Findings for rows that were written after the upgrade, and that rolling back loses.

    Statements that are ``refused`` without these rows, too, are reported already.
    """
    tree = rehearsed.config.name
    for outcome in found.outcomes:
        step = outcome.step
        if not _refused_statements(outcome) <= refused:
            down = rehearsed.shown(step.down or step.up)
            title = f"{down} fails on rows that were written after the upgrade"
            why = outcome_lines(replace(outcome, changes=()))
            yield step_finding(rehearsed, "rollback", step, title, why, attribute=LATER_ROWS)
        yield from lost(rehearsed, "rollback", step, outcome.changes, later=True)
    rows, updated = sum(filling.rows.values()), sum(filling.updated.values())
    title = f"rolled back with {counted(rows, 'row')} written after the upgrade, {updated} changed"
    if found.given_up:
        title += "; the old schema cannot store all of their values"
    lines = [f"the old schema has no {each.name}" for each in found.given_up]
    yield rehearsal_note(tree, "rollback", "", title, lines)
    yield from refused_notes(tree, "rollback", filling)


def _refused_statements(outcome: StepOutcome) -> set[_Statement]:
    """The statements of a down file that the server refused: the step, line and column."""
    return {(outcome.step.name, each.line, each.column) for each in outcome.failures}


def _roll_back(rehearsal: Rehearsal, last: int) -> Iterator[StepOutcome]:
    """Roll back from a step on; each outcome has only what its own down file does not restore."""
    differences: list[Difference] = []
    changes: set[object] = set()
    try:
        for outcome in rehearsal.back(last):
            yield replace(
                outcome,
                differences=tuple(d for d in outcome.differences if d not in differences),
                changes=tuple(c for c in outcome.changes if change_key(c) not in changes),
            )
            differences += outcome.differences
            changes.update(map(change_key, outcome.changes))
    except TreeError:  # a step without a down file, which has a finding of its own
        return
