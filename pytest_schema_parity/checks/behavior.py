"""``behavior``: generated statements do the same on both databases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import psycopg

from pytest_schema_parity.behavior.statements.counterexample import (
    Budget,
    DatabaseCopy,
)
from pytest_schema_parity.behavior.statements.search import search
from pytest_schema_parity.checks.behavior_findings import (
    BehaviorFindings,
    relations_of,
    routines_of,
)
from pytest_schema_parity.checks.behavior_wording import (
    note,
)
from pytest_schema_parity.checks.check import Check, Context
from pytest_schema_parity.checks.kept_examples import decode_examples, encode_examples
from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.findings.counting import findings_headline
from pytest_schema_parity.findings.evidence import Script
from pytest_schema_parity.findings.finding import Finding
from pytest_schema_parity.findings.kinds import BEHAVIOR
from pytest_schema_parity.findings.wording import counted
from pytest_schema_parity.showing import clean

SWITCHED_OFF: Final = "no statements were tried: the check is switched off"
NOTHING_SHARED: Final = (
    "no statements were tried: the two trees have no table, view or function in common"
)


def find(context: Context) -> Iterator[Finding]:
    """Search for statements that have another outcome on the candidate than on the reference."""
    settings = context.config.behavior
    names = context.reference, context.tree
    schemas = tuple(context.build(name).schema for name in names)
    shared = relations_of(schemas[0]) & relations_of(schemas[1])
    routines = routines_of(schemas[0]) & routines_of(schemas[1])
    if not (shared or routines) or settings.examples == 0:
        title = SWITCHED_OFF if shared or routines else NOTHING_SHARED
        yield replace(note(context.tree, "", title), change="skipped")
        return
    differences = tuple(context.comparison())
    try:
        with context.copies(*names) as conninfos:
            found = search(
                *(
                    DatabaseCopy(name, conninfo)
                    for name, conninfo in zip(names, conninfos, strict=True)
                ),
                differences=differences,
                budget=Budget(settings.examples, settings.seconds),
                seed=settings.seed,
                subjects=shared | routines,
                known=tuple(decode_examples(context.recall(BEHAVIOR))),
                roles=settings.roles,
            )
    except psycopg.Error as error:
        raise ServerError(f"the search for statements failed: {error}") from error
    context.remember(BEHAVIOR, encode_examples(found.counterexamples))
    allowances = context.config.allow
    yield from BehaviorFindings(names, schemas, differences, found, allowances).findings()


def headline(failing: Sequence[Finding], tree: str) -> str:
    """How many counterexamples there are, and the first; then what could not be tried."""
    own = [finding for finding in failing if finding.kind == BEHAVIOR]
    if not own:
        return findings_headline(failing, tree)
    shown = [each for each in own if any(isinstance(e, Script) for e in each.evidence)]
    others = [each for each in own if each not in shown]
    parts = []
    if shown:
        which = f"{counted(len(shown), 'counterexample')}{', the first' if shown[1:] else ''}"
        parts.append(f"{which}: {clean(shown[0].title)}")
    if others:
        parts.append(clean(others[0].title))
    if others[1:]:
        parts.append(f"and {len(others) - 1} more")
    return "; ".join(parts)


CHECK: Final = Check(
    names=(BEHAVIOR,), find=find, headline=headline, kinds=frozenset({BEHAVIOR}), costly=True
)
