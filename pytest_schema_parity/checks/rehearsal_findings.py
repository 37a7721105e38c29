"""Make findings about the steps of an upgrade, and about rows that they lose or change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from pytest_schema_parity.behavior.filling import Filling
from pytest_schema_parity.checks.applies import failure_finding
from pytest_schema_parity.checks.configured_rehearsal import ConfiguredRehearsal
from pytest_schema_parity.findings.differences import title_of
from pytest_schema_parity.findings.evidence import Text
from pytest_schema_parity.findings.finding import Finding, FindingChange, note_finding
from pytest_schema_parity.findings.kinds import DATA, STEP
from pytest_schema_parity.findings.wording import counted
from pytest_schema_parity.migrations.apply import Failure
from pytest_schema_parity.rehearsal.data import DataChange
from pytest_schema_parity.rehearsal.old_names import NO_VIEW, effect_of_rename
from pytest_schema_parity.rehearsal.rehearse import StepOutcome
from pytest_schema_parity.rehearsal.steps import MigrationStep
from pytest_schema_parity.schema.difference import Origins
from pytest_schema_parity.schema.facts import Place
from pytest_schema_parity.showing import clean, clipped, redact

MOST_LINES: Final = 20
"""The most lines of evidence in one finding."""
_VERBS: Final = {
    "table missing": "drops",
    "column missing": "drops",
    "row missing": "loses",
    "value changed": "changes",
}


def failed(failures: Iterable[Failure], tree: str, check: str) -> Iterator[Finding]:
    """A finding, which breaks the upgrade, for each statement that the server refused."""
    for failure in failures:
        yield replace(failure_finding(failure, tree), check=check)


def step_finding(
    rehearsed: ConfiguredRehearsal,
    check: str,
    step: MigrationStep,
    title: str,
    lines: Iterable[str] = (),
    *,
    line: int = 1,
    change: FindingChange = "changed",
    attribute: str | None = None,
) -> Finding:
    """A finding about a step as a whole, located at a line of its up file.

    Its ``attribute`` is the name of the check, unless another is given for separate allowances.
    """
    shown = cut(lines)
    return Finding(
        tree=rehearsed.config.name,
        check=check,
        kind=STEP,
        name=step.name,
        attribute=attribute or check,
        change=change,
        impact="behavior",
        title=title,
        evidence=(Text(tuple(map(clean, shown))),) if shown else (),
        locations=Origins(tree=Place(rehearsed.shown(step.up), line)),
    )


def not_checked(
    rehearsed: ConfiguredRehearsal, check: str, step: MigrationStep, why: str, *, line: int = 1
) -> Finding:
    """A failing finding: a property of a step could not be checked, for the reason ``why``."""
    title = f"{rehearsed.shown(step.up)}:{line}: not checked: {clean(redact(why.strip()))}"
    return step_finding(rehearsed, check, step, title, line=line, change="failed")


def not_reached(
    rehearsed: ConfiguredRehearsal, check: str, failing: StepOutcome, *, alone: bool
) -> Finding:
    """A finding: a step fails, so the check covers only the steps before it.

    With ``alone`` (the check has no other finding) it says that the check could not run.  No
    allowance accepts it.
    """
    names = [step.name for step in rehearsed.steps]
    before = names.index(failing.step.name)
    which = ", ".join(names[before:])
    first = failing.failures[0].title
    found = f"no problem in the {counted(before, 'step')} before" if before else ""
    title = f"not checked: {which}, because {failing.step.name} fails; see `upgrade` ({first})"
    return Finding(
        tree=rehearsed.config.name,
        check=check,
        kind=STEP,
        name=failing.step.name,
        change="not compared" if alone else "failed",
        impact="behavior",
        title=f"{title}; {found}" if alone and found else title,
        breaks=True,
        locations=Origins(tree=Place(rehearsed.shown(failing.step.up), 1)),
    )


def amount(outcome: StepOutcome) -> str:
    """The counts of an outcome in words: ``2 facts, 1 row``."""
    parts = []
    if outcome.failures:
        parts.append(f"{counted(len(outcome.failures), 'statement')} failed")
    if outcome.differences:
        parts.append(f"{counted(len(outcome.differences), 'fact')} changed")
    if outcome.changes:
        parts.append(f"{counted(len(outcome.changes), 'row')} changed")
    return ", ".join(parts)


def outcome_lines(outcome: StepOutcome) -> Iterator[str]:
    """An outcome as lines: failed statements, facts and rows."""
    yield from (failure.title for failure in outcome.failures)
    yield from map(title_of, outcome.differences)
    yield from map(change_line, outcome.changes)


def change_line(change: DataChange) -> str:
    """``value changed public.users.name (id = 1): Ada → A``."""
    key = ", ".join(
        f"{column} = {_value_text(value)}" for column, value in (change.key or {}).items()
    )
    text = f"{change.change} {change.name}" + (f" ({key})" if key else "")
    if change.change == "value changed" and change.column is not None:
        text += f": {_value_text(change.before)} → {_value_text(change.after)}"
    if change.count > 1:
        text += f", {change.count} times"
    return clipped(clean(text))


def change_key(change: DataChange) -> object:
    """A key that is equal for one change that is found after several steps."""
    key = None if change.key is None else tuple(change.key.items())
    return change.name, change.change, key, change.after


def lost(
    rehearsed: ConfiguredRehearsal,
    check: str,
    step: MigrationStep,
    changes: Sequence[DataChange],
    *,
    later: bool = False,
) -> Iterator[Finding]:
    """A finding for each table and column in which a step loses or changes rows or values.

    Its attribute is the name of the check.  With ``later`` the down file loses or changes rows that
    were written after the upgrade.
    """
    file = step.down if later and step.down else step.up
    by = rehearsed.shown(file) if later else step.name
    remark = ", written after the upgrade" if later else ""
    groups: dict[tuple[str, str], list[DataChange]] = {}
    for change in changes:
        groups.setdefault((change.name, change.change), []).append(change)
    for (name, kind), found in groups.items():
        if kind in ("table renamed", "column renamed"):
            yield _rename_finding(rehearsed, check, step, found[0])
            continue
        rows = sum(change.count for change in found)
        what = (
            name
            if kind.endswith(("table missing", "column missing"))
            else _rows_of_table(rows, name)
        )
        yield Finding(
            tree=rehearsed.config.name,
            check=check,
            kind=DATA,
            name=name,
            attribute=check,
            change="changed" if kind == "value changed" else "missing",
            impact="behavior",
            title=f"{by} {_VERBS.get(kind, 'changes')} {what}{remark}",
            evidence=(Text(tuple(cut(map(change_line, found)))),),
            locations=Origins(tree=Place(rehearsed.shown(file), 1)),
        )


def _rename_finding(
    rehearsed: ConfiguredRehearsal, check: str, step: MigrationStep, change: DataChange
) -> Finding:
    """A finding for a table or column that a step renames; its rows are kept.

    It is a note if, after the last step, a view with the old name of the table gives its rows.
    """
    kind = change.change.partition(" ")[0]
    is_table = kind == "table"
    effect = effect_of_rename(rehearsed.rehearsal, change.name) if is_table else NO_VIEW
    text = "a view with the old name has the same rows" if effect is None else clean(redact(effect))
    return Finding(
        tree=rehearsed.config.name,
        check=check,
        kind=DATA,
        name=change.name,
        attribute=check,
        change="renamed",
        impact="behavior",
        title=f"{step.name} renames the {kind} {change.name} to {change.after}: {text}",
        evidence=(Text(("its rows are compared under the new name",)),),
        locations=Origins(tree=Place(rehearsed.shown(step.up), 1)),
        note=effect is None,
    )


def generated_notes(tree: str, check: str, filling: Filling) -> Iterator[Finding]:
    """Notes about generated rows: how many, and which tables accepted none."""
    rows, tables = sum(filling.rows.values()), len(filling.rows)
    lines = [f"{name}: {counted(count, 'row')}" for name, count in filling.rows.items()]
    count = f"{counted(rows, 'row')} in {counted(tables, 'table')}"
    title = f"no `seed` is configured: generated {count}"
    yield rehearsal_note(tree, check, "", title, lines)
    yield from refused_notes(tree, check, filling)


def refused_notes(tree: str, check: str, filling: Filling) -> Iterator[Finding]:
    """A note for each table that accepted no generated row."""
    for name, why in filling.refused.items():
        reason = clean(redact(why.removeprefix(f"{name}: ")))
        yield rehearsal_note(tree, check, name, f"{name} accepted no generated row: {reason}")


def rehearsal_note(
    tree: str, check: str, name: str, title: str, lines: Iterable[str] = ()
) -> Finding:
    """A note about the rows of a table, or of all tables if the name is empty."""
    shown = tuple(map(clean, cut(lines)))
    evidence = (Text(shown),) if shown else ()
    return note_finding(tree, check, DATA, title, name=name, evidence=evidence)


def _rows_of_table(count: int, name: str) -> str:
    return f"{name} in {counted(count, 'row')}"


def cut(lines: Iterable[str]) -> list[str]:
    """The first :data:`MOST_LINES` lines, and how many more there are."""
    shown = list(lines)
    if len(shown) <= MOST_LINES:
        return shown
    return [*shown[:MOST_LINES], f"… and {len(shown) - MOST_LINES} more"]


def _value_text(value: str | None) -> str:
    return "NULL" if value is None else value
