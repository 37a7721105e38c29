"""The checks for faults during an upgrade: killed sessions and servers, backups, locks."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from pytest_schema_parity.checks.check import Context
from pytest_schema_parity.checks.configured_rehearsal import ConfiguredRehearsal
from pytest_schema_parity.checks.rehearsal_findings import (
    amount,
    cut,
    not_checked,
    outcome_lines,
    step_finding,
)
from pytest_schema_parity.findings.differences import title_of
from pytest_schema_parity.findings.evidence import Text
from pytest_schema_parity.findings.finding import Finding, note_finding
from pytest_schema_parity.findings.kinds import STEP
from pytest_schema_parity.findings.wording import counted
from pytest_schema_parity.postgres.cluster import Cluster
from pytest_schema_parity.rehearsal.backup import (
    back_up_and_restore,
    find_backup_programs,
    make_restore_target,
)
from pytest_schema_parity.rehearsal.crash import crashed
from pytest_schema_parity.rehearsal.data import DataChange
from pytest_schema_parity.rehearsal.interrupt_steps import interrupt_steps
from pytest_schema_parity.rehearsal.rehearse import StepOutcome

INTERRUPTION_POINTS: Final = 2
"""At how many points between statements a step's session is ended."""


def interrupted(context: Context) -> Iterator[Finding]:
    """A finding for each step that is half done after an interruption, or fails when repeated."""
    rehearsed = context.rehearsed()
    rehearsal = rehearsed.reached()
    reported: set[str] = set()
    with ThreadPoolExecutor(1, "schema-parity-crash") as pool:
        crashes = pool.submit(lambda: list(_crashes(rehearsed)))
        outcomes = [*interrupt_steps(rehearsal, points=INTERRUPTION_POINTS)]
        outcomes += crashes.result()
    for outcome in outcomes:
        if outcome.unchecked:
            yield not_checked(rehearsed, "interrupted", outcome.step, outcome.unchecked)
            continue
        if outcome or outcome.step.name in reported:
            continue
        reported.add(outcome.step.name)
        file = rehearsed.shown(outcome.step.up)
        yield step_finding(
            rehearsed,
            "interrupted",
            outcome.step,
            f"{file} is left half done when {outcome.point}: {amount(outcome)}",
            outcome_lines(outcome),
        )
    if not isinstance(rehearsal.host, Cluster):
        title = "crash recovery was not tested: this plugin did not start the server"
        yield note_finding(context.tree, "interrupted", STEP, title)


def _crashes(rehearsed: ConfiguredRehearsal) -> Iterator[StepOutcome]:
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
    source = rehearsed.seeded().target
    installation = rehearsed.trees.installation
    major = rehearsed.trees.major
    programs = find_backup_programs(major, installation.bindir if installation else None)
    why = ""
    if source.reader is not None:
        why = "no backup was made: pg_restore would run the tree's code as a superuser, but"
        why += " superuser = false"
    elif programs is None:
        why = f"no backup was made: pg_dump of PostgreSQL {major} or newer was not found"
    if programs is None or why:
        yield note_finding(context.tree, "backup", STEP, why, name="backup", change="skipped")
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
    lines += [*map(title_of, found.differences), *map(_change_text, found.changes)]
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
        else f"the restored backup differs from the original: {count} changed",
        evidence=(Text(tuple(cut(lines))),),
    )


def _change_text(change: DataChange) -> str:
    return f"{change.change} {change.name}"
