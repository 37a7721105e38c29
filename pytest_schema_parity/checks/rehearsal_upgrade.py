"""``upgrade``: after all steps the database is as the tree ``to``, and behaves like it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import psycopg

from pytest_schema_parity.behavior.statements.counterexample import Budget, DatabaseCopy
from pytest_schema_parity.behavior.statements.search import search
from pytest_schema_parity.checks.behavior_findings import (
    BehaviorFindings,
    relations_of,
    routines_of,
)
from pytest_schema_parity.checks.check import Context
from pytest_schema_parity.checks.configured_rehearsal import ConfiguredRehearsal
from pytest_schema_parity.checks.rehearsal_findings import failed
from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.findings.differences import finding_of
from pytest_schema_parity.findings.finding import Finding
from pytest_schema_parity.schema.compare import compare
from pytest_schema_parity.schema.difference import Difference


def upgrade(context: Context) -> Iterator[Finding]:
    """A finding for each statement that fails, else for each difference from the tree ``to``."""
    rehearsed = context.rehearsed()
    failures = [*rehearsed.seed_failures]
    if not failures:
        for outcome in rehearsed.carry_out():
            failures += outcome.failures
    if failures:
        yield from failed(failures, context.tree, "upgrade")
        return
    target = context.build(rehearsed.config.target).schema
    fail_on = context.config.fail_on
    differences = tuple(compare(target, rehearsed.rehearsal.schema(), fail_on=fail_on))
    for difference in differences:
        found = finding_of(difference, context.tree, fail_on=fail_on)
        yield replace(found, check="upgrade")
    yield from _behavior(context, rehearsed, differences)


def _behavior(
    context: Context, rehearsed: ConfiguredRehearsal, differences: Sequence[Difference]
) -> Iterator[Finding]:
    """Findings for statements with different outcomes on the upgraded database and on ``to``."""
    settings, rehearsal = context.config.behavior, rehearsed.rehearsal
    names = rehearsed.config.target, context.tree
    schemas = context.build(names[0]).schema, rehearsal.schema()
    relations = relations_of(schemas[0]) & relations_of(schemas[1])
    shared = relations | (routines_of(schemas[0]) & routines_of(schemas[1]))
    examples = min(rehearsed.config.examples, settings.examples)
    if not shared or examples == 0:
        return
    try:
        with context.copies(names[0]) as (target,), rehearsal.copy(rehearsal.stages[-1]) as copy:
            found = search(
                DatabaseCopy(names[0], target),
                DatabaseCopy(names[1], rehearsal.conninfo_of(copy)),
                differences=differences,
                budget=Budget(examples, settings.seconds),
                seed=settings.seed,
                subjects=shared,
                roles=settings.roles,
            )
    except psycopg.Error as error:
        raise ServerError(f"the search for statements failed: {error}") from error
    for finding in BehaviorFindings(
        names, schemas, differences, found, context.config.allow
    ).findings():
        # It is a part of a check that did its work, whether or not statements could be tried.
        change = "changed" if finding.change == "skipped" else finding.change
        yield replace(finding, check="upgrade", change=change)
