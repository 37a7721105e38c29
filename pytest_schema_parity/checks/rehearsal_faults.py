"""The checks for faults during an upgrade: killed sessions and servers, backups, locks."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psycopg

from pytest_schema_parity.checks.check import Context
from pytest_schema_parity.checks.rehearsal_findings import (
    about_step,
    amount,
    cut,
    not_checked,
    outcome_lines,
)
from pytest_schema_parity.checks.rehearsed import Rehearsed
from pytest_schema_parity.config.rehearsal import LOCK_MODES, LockMode
from pytest_schema_parity.errors import ScriptError
from pytest_schema_parity.findings.allowance import LOCK, STEP
from pytest_schema_parity.findings.differences import title_of
from pytest_schema_parity.findings.evidence import Text
from pytest_schema_parity.findings.finding import Finding
from pytest_schema_parity.findings.wording import counted
from pytest_schema_parity.postgres.cluster import Cluster
from pytest_schema_parity.rehearsal import interrupted as interruptions
from pytest_schema_parity.rehearsal.backup import (
    back_up_and_restore,
    find_backup_programs,
    make_restore_target,
)
from pytest_schema_parity.rehearsal.crash import crashed
from pytest_schema_parity.rehearsal.data import DataChange
from pytest_schema_parity.rehearsal.locks import MODES, StatementLocks, observe
from pytest_schema_parity.rehearsal.rehearse import Outcome, Rehearsal
from pytest_schema_parity.rehearsal.steps import Step
from pytest_schema_parity.rehearsal.waiting import Waited, run_beside_a_writer
from pytest_schema_parity.schema.difference import Origins
from pytest_schema_parity.schema.facts import Place

POINTS: Final = 2
"""At how many points between statements a step's session is ended."""


def interrupted(context: Context) -> Iterator[Finding]:
    """A finding for each step that an interruption leaves half done, or that then fails."""
    rehearsed = context.rehearsed()
    rehearsal = rehearsed.reached()
    reported: set[str] = set()
    for outcome in (*interruptions.interrupted(rehearsal, points=POINTS), *_crashes(rehearsed)):
        if outcome.unchecked:
            yield not_checked(rehearsed, "interrupted", outcome.step, outcome.unchecked)
            continue
        if outcome or outcome.step.name in reported:
            continue
        reported.add(outcome.step.name)
        file = rehearsed.shown(outcome.step.up)
        yield about_step(
            rehearsed,
            "interrupted",
            outcome.step,
            f"{file} is neither done nor undone when {outcome.point}: {amount(outcome)}",
            outcome_lines(outcome),
        )
    if not isinstance(rehearsal.host, Cluster):
        yield Finding(
            tree=context.tree,
            check="interrupted",
            kind=STEP,
            name="",
            change="changed",
            title="the server was not killed, only sessions: it is not one of our own",
            note=True,
        )


def _crashes(rehearsed: Rehearsed) -> Iterator[Outcome]:
    """The outcome of each step when the server is killed; only if the server is our own."""
    if not isinstance(rehearsed.rehearsal.host, Cluster):
        return
    stage = rehearsed.stage_with_rows(f"{rehearsed.config.name} crash", durable=True)
    host = stage.target.host
    assert isinstance(host, Cluster)  # noqa: S101 -- as the rehearsal's own is one
    try:
        yield from crashed(
            rehearsed.rehearsal, host, stage.target.database, stage.read, role=stage.target.role
        )
    finally:
        host.stop()


def backup(context: Context) -> Iterator[Finding]:
    """A finding if the deployed database cannot be backed up and restored completely."""
    rehearsed = context.rehearsed()
    source = rehearsed.stage.target
    installation = rehearsed.trees.installation
    major = rehearsed.trees.major
    programs = find_backup_programs(major, installation.bindir if installation else None)
    if programs is None:
        yield Finding(
            tree=context.tree,
            check="backup",
            kind=STEP,
            name="backup",
            change="skipped",
            title=f"there is no pg_dump of PostgreSQL {major} or newer to make a backup with",
            note=True,
        )
        return
    target = rehearsed.trees.scheduler.open_empty(
        rehearsed.config.source, f"{rehearsed.config.name} restored"
    )
    try:
        restored = make_restore_target(source.host, source.database, target.host, target.prefix)
        with tempfile.TemporaryDirectory(prefix="schema-parity-") as directory:
            found = back_up_and_restore(
                programs,
                source.host.conninfo(source.database),
                restored,
                Path(directory),
            )
    finally:
        if target.is_alone:
            target.host.stop()
    if found:
        return
    lines = [found.failure] if found.failure else []
    lines += [*map(title_of, found.differences), *map(_line, found.changes)]
    count = f"{counted(len(found.differences), 'fact')}, {counted(len(found.changes), 'row')}"
    yield Finding(
        tree=context.tree,
        check="backup",
        kind=STEP,
        name="backup",
        attribute="backup",
        change="failed",
        impact="behavior",
        title="the backup cannot be restored"
        if found.failure
        else f"the restored backup is not as what was backed up: {count} changed",
        evidence=(Text(tuple(cut(lines))),),
    )


def _line(change: DataChange) -> str:
    return f"{change.change} {change.name}"


def locks(context: Context) -> Iterator[Finding]:
    """A finding for each limit that a step breaks, and one note with the locks of all steps."""
    rehearsed = context.rehearsed()
    rehearsal = rehearsed.reached()
    found = rehearsal.side_by_side(
        lambda number: _observed(rehearsal, number), range(len(rehearsal.steps))
    )
    for step, statements in zip(rehearsal.steps, found, strict=True):
        if isinstance(statements, str):
            yield not_checked(rehearsed, "locks", step, f"what it locks: {statements}")
        else:
            yield from _beyond_limits(rehearsed, step, statements)
    yield from filter(
        None,
        rehearsal.side_by_side(
            lambda number: _beside_a_writer(rehearsed, number), range(len(rehearsal.steps))
        ),
    )
    table = [
        line
        for step, statements in zip(rehearsal.steps, found, strict=True)
        if not isinstance(statements, str)
        for line in _table(step, statements)
    ]
    yield Finding(
        tree=context.tree,
        check="locks",
        kind=LOCK,
        name="",
        change="changed",
        title=f"what {counted(len(rehearsal.steps), 'step')} lock, and for how long",
        evidence=(Text(tuple(table)),),
        note=True,
    )


def _observed(rehearsal: Rehearsal, number: int) -> list[StatementLocks] | str:
    """What a step's statements lock, or why that cannot be seen."""
    with rehearsal.copy(rehearsal.stages[number]) as copy:
        try:
            return observe(rehearsal.script(number), rehearsal.conninfo_of(copy))
        except (psycopg.Error, ScriptError) as error:
            return str(error)


def _table(step: Step, statements: list[StatementLocks]) -> Iterator[str]:
    """A line for the step, and one for each statement that locks, rewrites or scans a table."""
    seconds = sum(statement.seconds for statement in statements)
    yield f"{step.name}  {seconds * 1000:.0f} ms"
    for statement in statements:
        parts = [f"{mode_name(mode)} on {table}" for table, mode in statement.locks.items()]
        parts += [f"{table} written anew" for table in statement.rewritten]
        parts += [f"{table} scanned" for table in statement.scanned]
        if not statement.measured:
            parts.append("cannot be done in a transaction: not measured")
        if parts:
            time = f"{statement.seconds * 1000:.1f} ms"
            yield f"  line {statement.line}: {', '.join(parts)}  ({time})"


def _beyond_limits(
    rehearsed: Rehearsed, step: Step, statements: list[StatementLocks]
) -> Iterator[Finding]:
    config, file = rehearsed.config, rehearsed.shown(step.up)
    limit = None if config.max_lock is None else LOCK_MODES.index(config.max_lock)
    for statement in statements:
        where = f"{file}:{statement.line}"
        for table, mode in statement.locks.items():
            if limit is not None and MODES.index(mode) > limit:
                title = f"{where}: takes {mode_name(mode)} on {table}, beyond {config.max_lock}"
                yield _about_table(rehearsed, step, statement, table, title)
        for table in statement.rewritten if config.no_rewrite else ():
            title = f"{where}: rewrites {table}, which no_rewrite forbids"
            yield _about_table(rehearsed, step, statement, table, title)
        if limit is not None and not statement.measured:
            why = f"{config.max_lock} is the limit, and the locks of a statement outside of a"
            line = statement.line
            yield not_checked(
                rehearsed, "locks", step, f"{why} transaction are gone when it ends", line=line
            )


def _about_table(
    rehearsed: Rehearsed, step: Step, statement: StatementLocks, table: str, title: str
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


def _beside_a_writer(rehearsed: Rehearsed, number: int) -> Finding | None:
    """A finding if a step waits for ever, or gives up half done, beside a session that writes."""
    rehearsal = rehearsed.rehearsal
    step, stage = rehearsal.steps[number], rehearsal.stages[number]
    with rehearsal.copy(stage) as copy:
        superuser = rehearsal.host.conninfo(copy)
        try:
            script = rehearsal.script(number)
            waited = run_beside_a_writer(script, rehearsal.conninfo_of(copy), superuser)
        except (psycopg.Error, ScriptError) as error:
            why = f"what it does beside a session that writes: {error}"
            return not_checked(rehearsed, "locks", step, why)
        if waited is None:
            return None
        if waited.for_ever:
            return _waiting(rehearsed, step, waited)
        if rehearsal.is_as(stage, superuser):
            return None
        changed = rehearsal.changed(stage, copy)
    outcome = Outcome(step, (), *changed)
    if outcome:
        return None
    where = f"{rehearsed.shown(step.up)}:{waited.line}"
    title = f"{where}: gives up after lock_timeout and leaves the step half done: {amount(outcome)}"
    return about_step(rehearsed, "locks", step, title, outcome_lines(outcome), line=waited.line)


def _waiting(rehearsed: Rehearsed, step: Step, waited: Waited) -> Finding:
    where = f"{rehearsed.shown(step.up)}:{waited.line}"
    return about_step(
        rehearsed,
        "locks",
        step,
        f"{where}: waits for ever behind a session that writes, and all others behind it: "
        "SET lock_timeout first",
        [waited.text],
        line=waited.line,
    )


def mode_name(mode: str) -> LockMode:
    """``SHARE ROW EXCLUSIVE`` for ``ShareRowExclusiveLock``."""
    return LOCK_MODES[MODES.index(mode)]
