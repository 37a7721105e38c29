"""The checks of a rehearsal: an upgrade on copies of the deployed database, and its rollback."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from pytest_schema_parity.checks import (
    rehearsal_faults,
    rehearsal_locks,
    rehearsal_rollback,
    rehearsal_upgrade,
)
from pytest_schema_parity.checks.check import Check, Context, Find, Role
from pytest_schema_parity.checks.rehearsal_findings import (
    amount,
    change_key,
    generated_notes,
    lost,
    not_reached,
    outcome_lines,
    step_finding,
)
from pytest_schema_parity.findings.counting import findings_headline
from pytest_schema_parity.findings.finding import UNCHECKED, Finding
from pytest_schema_parity.findings.kinds import BEHAVIOR, DATA, LOCK, STEP
from pytest_schema_parity.findings.wording import counted
from pytest_schema_parity.rehearsal.integrity import broken_foreign_keys, sequences_behind
from pytest_schema_parity.rehearsal.rehearse import Rehearsal
from pytest_schema_parity.schema.kinds import KINDS
from pytest_schema_parity.showing import clean, printable

ADVICE: Final = "Fix the steps of {tree}; or accept a finding, with a reason, like the first one:"
ROLES: Final[frozenset[Role]] = frozenset({"rehearsal"})


def data(context: Context) -> Iterator[Finding]:
    """A finding for rows that a step loses or changes, and for broken keys and sequences."""
    rehearsed = context.rehearsed()
    rehearsal = rehearsed.reached()
    seen: set[object] = set()
    for outcome in rehearsal.upgrade():
        fresh = [change for change in outcome.changes if change_key(change) not in seen]
        seen.update(map(change_key, fresh))
        yield from lost(rehearsed, "data", outcome.step, fresh)
    yield from _integrity_findings(context.tree, rehearsal)
    if rehearsed.generated is not None:
        yield from generated_notes(context.tree, "data", rehearsed.generated)


def _integrity_findings(tree: str, rehearsal: Rehearsal) -> Iterator[Finding]:
    """Findings for violated foreign keys after the upgrade, and for sequences behind."""
    conninfo = rehearsal.reading(rehearsal.stages[-1])
    for key in broken_foreign_keys(conninfo):
        name = f"{key.table}.{key.constraint}"
        title = (
            f"{counted(key.rows, 'row')} of {key.table} violate the foreign key {key.constraint}"
        )
        yield _integrity_finding(tree, name, title)
    for behind in sequences_behind(conninfo):
        yield _integrity_finding(
            tree,
            behind.sequence,
            f"the next value of sequence {behind.sequence} is {behind.next_value}, but "
            f"{behind.table}.{behind.column} already contains {behind.farthest}",
        )


def _integrity_finding(tree: str, name: str, title: str) -> Finding:
    return Finding(
        tree=tree,
        check="data",
        kind=DATA,
        name=name,
        change="failed",
        impact="behavior",
        title=title,
    )


def idempotent(context: Context) -> Iterator[Finding]:
    """A finding for each step that changes a fact or a row when it is carried out once more."""
    rehearsed = context.rehearsed()
    for outcome in rehearsed.reached().again():
        if not outcome:
            yield step_finding(
                rehearsed,
                "idempotent",
                outcome.step,
                f"{rehearsed.shown(outcome.step.up)} is not idempotent: in a second run "
                f"{amount(outcome)}",
                outcome_lines(outcome),
            )


def headline(failing: Sequence[Finding], tree: str) -> str:
    """The title of the first failing finding, and how many more there are."""
    if any(finding.change in UNCHECKED for finding in failing):
        return findings_headline(failing, tree)
    first = clean(failing[0].title.partition("\n")[0])
    more = len(failing) - 1
    return f"{printable(tree)}: {first}" + (f" (and {more} more)" if more else "")


def _with_unreached_steps(name: str, find: Find) -> Find:
    """Add to a check a finding that fails if a step fails: later steps were not checked."""

    def find_with_unreached(context: Context) -> Iterator[Finding]:
        findings = list(find(context))
        yield from findings
        if (failing := context.rehearsed().failing_step) is not None:
            lost = any(finding.fails for finding in findings)
            yield not_reached(context.rehearsed(), name, failing, alone=not lost)

    return find_with_unreached


def _check(name: str, find: Find, *kinds: str) -> Check:
    if name not in ("upgrade", "backup"):
        find = _with_unreached_steps(name, find)
    return Check(
        names=(name,),
        find=find,
        headline=findings_headline if name == "upgrade" else headline,
        roles=ROLES,
        kinds=frozenset(kinds),
        costly=True,
        advice=ADVICE,
        shows_allowance=True,
    )


CHECKS: Final = (
    _check("upgrade", rehearsal_upgrade.upgrade, *KINDS, BEHAVIOR),
    _check("data", data, DATA),
    _check("idempotent", idempotent, STEP),
    _check("rollback", rehearsal_rollback.rollback, DATA, STEP),
    _check("interrupted", rehearsal_faults.interrupted, STEP),
    _check("backup", rehearsal_faults.backup, STEP),
    _check("locks", rehearsal_locks.locks, LOCK, STEP),
)
"""The checks of a rehearsal, in the order in which they are shown."""
