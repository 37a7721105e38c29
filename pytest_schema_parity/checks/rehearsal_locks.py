"""``locks``: what each step locks, rewrites and scans, and whether it waits without limit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

import psycopg

from pytest_schema_parity.checks.check import Context
from pytest_schema_parity.checks.configured_rehearsal import ConfiguredRehearsal
from pytest_schema_parity.checks.rehearsal_findings import (
    amount,
    not_checked,
    outcome_lines,
    step_finding,
)
from pytest_schema_parity.config.model import LOCK_MODES, LockMode
from pytest_schema_parity.errors import ScriptError
from pytest_schema_parity.findings.evidence import LockRow, Locks, Text
from pytest_schema_parity.findings.finding import Finding, note_finding
from pytest_schema_parity.findings.kinds import LOCK
from pytest_schema_parity.findings.wording import counted
from pytest_schema_parity.rehearsal.locks import MODES, StatementLocks, observe
from pytest_schema_parity.rehearsal.rehearse import Rehearsal, StepOutcome
from pytest_schema_parity.rehearsal.steps import MigrationStep
from pytest_schema_parity.rehearsal.waiting import Waited, run_beside_a_writer
from pytest_schema_parity.schema.difference import Origins
from pytest_schema_parity.schema.facts import Place

INVALID_INDEX_ADVICE: Final = (
    "CONCURRENTLY cannot be rolled back: on failure it leaves an invalid index, which"
    " IF NOT EXISTS does not replace; begin the step with DROP INDEX CONCURRENTLY IF EXISTS, so"
    " that it can be repeated, and accept this finding"
)


def locks(context: Context) -> Iterator[Finding]:
    """A finding for each limit that a step breaks, and one note with the locks of all steps."""
    rehearsed = context.rehearsed()
    rehearsal = rehearsed.reached()
    found = rehearsal.side_by_side(
        lambda number: (_observe_locks(rehearsal, number), _run_beside_writer(rehearsed, number)),
        range(len(rehearsal.steps)),
    )
    for step, (statements, _) in zip(rehearsal.steps, found, strict=True):
        if isinstance(statements, str):
            yield not_checked(
                rehearsed, "locks", step, f"its locks could not be read: {statements}"
            )
        else:
            yield from _beyond_limits(rehearsed, step, statements)
    yield from (finding for _, finding in found if finding is not None)
    table = [
        row
        for step, (statements, _) in zip(rehearsal.steps, found, strict=True)
        if not isinstance(statements, str)
        for row in _lock_rows(rehearsed, step, statements)
    ]
    title = f"what {counted(len(rehearsal.steps), 'step')} lock, and for how long"
    yield note_finding(context.tree, "locks", LOCK, title, evidence=(Locks(tuple(table)),))


def _observe_locks(rehearsal: Rehearsal, number: int) -> list[StatementLocks] | str:
    """The locks of a step's statements, or the message of the error if it fails."""
    with rehearsal.copy(rehearsal.stages[number]) as copy:
        try:
            return observe(rehearsal.script(number), rehearsal.conninfo_of(copy))
        except (psycopg.Error, ScriptError) as error:
            return str(error)


def _lock_rows(
    rehearsed: ConfiguredRehearsal, step: MigrationStep, statements: Sequence[StatementLocks]
) -> Iterator[LockRow]:
    """A row for each statement of a step."""
    for each in statements:
        yield LockRow(
            step=step.name,
            file=rehearsed.shown(step.up),
            line=each.line,
            statement=each.text,
            milliseconds=round(each.seconds * 1000, 3),
            locks=tuple((name, mode_name(mode)) for name, mode in each.locks.items()),
            rewritten=each.rewritten,
            scanned=each.scanned,
            measured=each.measured,
        )


def _beyond_limits(
    rehearsed: ConfiguredRehearsal, step: MigrationStep, statements: list[StatementLocks]
) -> Iterator[Finding]:
    config, file = rehearsed.config, rehearsed.shown(step.up)
    limit = None if config.max_lock is None else LOCK_MODES.index(config.max_lock)
    for statement in statements:
        where = f"{file}:{statement.line}"
        for table, mode in statement.locks.items():
            if limit is not None and MODES.index(mode) > limit:
                title = (
                    f"{where}: takes {mode_name(mode)} on {table}; max_lock is {config.max_lock}"
                )
                yield _table_finding(rehearsed, step, statement, table, title)
        for table in statement.rewritten if config.no_rewrite else ():
            title = f"{where}: rewrites {table}, which no_rewrite forbids"
            yield _table_finding(rehearsed, step, statement, table, title)
        if limit is not None and not statement.measured:
            why = f"max_lock is {config.max_lock}, but the statement runs outside a transaction, so"
            line = statement.line
            yield not_checked(
                rehearsed, "locks", step, f"{why} its locks cannot be read", line=line
            )


def _table_finding(
    rehearsed: ConfiguredRehearsal,
    step: MigrationStep,
    statement: StatementLocks,
    table: str,
    title: str,
) -> Finding:
    return Finding(
        tree=rehearsed.config.name,
        check="locks",
        kind=LOCK,
        name=table,
        change="changed",
        impact="performance",
        title=title,
        evidence=(Text((statement.text,)),),
        locations=Origins(tree=Place(rehearsed.shown(step.up), statement.line)),
    )


def _run_beside_writer(rehearsed: ConfiguredRehearsal, number: int) -> Finding | None:
    """A finding if a step waits without limit, or fails half done, while a session holds locks."""
    rehearsal = rehearsed.rehearsal
    step, stage = rehearsal.steps[number], rehearsal.stages[number]
    with rehearsal.copy(stage) as copy:
        superuser = rehearsal.host.maintenance_conninfo(copy)
        try:
            script = rehearsal.script(number)
            waited = run_beside_a_writer(script, rehearsal.conninfo_of(copy), superuser)
        except (psycopg.Error, ScriptError) as error:
            why = f"it could not be run beside a concurrent transaction: {error}"
            return not_checked(rehearsed, "locks", step, why)
        if waited is None:
            return None
        if waited.for_ever:
            return _waiting_finding(rehearsed, step, waited)
        if rehearsal.is_as(stage, rehearsal.reading(copy)):
            return None
        changed = rehearsal.changed(stage, copy)
    outcome = StepOutcome(step, (), *changed)
    if outcome:
        return None
    where = f"{rehearsed.shown(step.up)}:{waited.line}"
    title = f"{where}: fails after lock_timeout and leaves the step half done: {amount(outcome)}"
    lines = [
        *outcome_lines(outcome),
        *([INVALID_INDEX_ADVICE] if _is_concurrent(waited.text) else []),
    ]
    return step_finding(rehearsed, "locks", step, title, lines, line=waited.line)


def _waiting_finding(
    rehearsed: ConfiguredRehearsal, step: MigrationStep, waited: Waited
) -> Finding:
    where = f"{rehearsed.shown(step.up)}:{waited.line}"
    others = "" if _is_concurrent(waited.text) else ", and later sessions wait behind it"
    title = (
        f"{where}: waits without limit for a concurrent transaction{others}: SET lock_timeout first"
    )
    return step_finding(rehearsed, "locks", step, title, [waited.text], line=waited.line)


def _is_concurrent(statement: str) -> bool:
    """Whether a statement has CONCURRENTLY: it blocks no session, and cannot be rolled back."""
    return re.search(r"\bconcurrently\b", statement, re.IGNORECASE) is not None


def mode_name(mode: str) -> LockMode:
    """``SHARE ROW EXCLUSIVE`` for ``ShareRowExclusiveLock``."""
    return LOCK_MODES[MODES.index(mode)]
