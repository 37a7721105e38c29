"""What the catalogs of both databases hold: one check for each group of kinds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from pytest_schema_parity.checks.after_failures import causing_failure
from pytest_schema_parity.checks.check import Check, Context
from pytest_schema_parity.findings.differences import finding_of
from pytest_schema_parity.findings.finding import Finding
from pytest_schema_parity.schema.kinds import GROUPS


def find(context: Context) -> Iterator[Finding]:
    """A finding for each difference from the reference, with the failed statement behind it."""
    builds = [context.build(name) for name in (context.reference, context.tree)]
    sides = [(build.schema, build.failures) for build in builds]
    for difference in context.comparison():
        finding = finding_of(difference, context.tree, fail_on=context.config.fail_on)
        cause = causing_failure(difference, sides)
        yield finding if cause is None else replace(finding, consequence_of=cause)


CHECK: Final = Check(
    names=GROUPS,
    find=find,
    advice="Fix {tree} in a new migration; or accept a difference, with a reason, under {allow}.",
)
