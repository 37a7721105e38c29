"""Results of checks, made of what was found: for the tests of reports."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pytest_schema_parity.behavior.row_comparison import RowProblem, RowsComparison, ViewRows
from pytest_schema_parity.checks import allowances, applies, registry, rows, structure
from pytest_schema_parity.findings.allowance import Allowance
from pytest_schema_parity.findings.differences import finding_of
from pytest_schema_parity.findings.finding import Finding, Result
from pytest_schema_parity.findings.kinds import ROWS
from pytest_schema_parity.findings.verdict import TreeResults
from pytest_schema_parity.migrations.failure import Failure
from pytest_schema_parity.schema.difference import Comparison

ALLOW = "[[tool.pytest-schema-parity.allow]]"


def result_of(check: str, findings: Iterable[Finding], tree: str = "supabase") -> Result:
    """The result of a check that found this."""
    return registry.check_named(check).result(check, tree, findings, allow=ALLOW)


def differences_result(
    comparison: Comparison, check: str = "columns", *, tree: str = "supabase"
) -> Result:
    """The result of a structural check."""
    found = [finding_of(each, tree, fail_on=comparison.fail_on) for each in comparison]
    return result_of(check, found, tree)


def failures_result(failures: Sequence[Failure], tree: str = "archive") -> Result:
    """The result of ``applies``."""
    found = [applies.failure_finding(failure, tree) for failure in failures]
    return result_of(applies.NAME, found, tree)


def rows_result(
    views: Sequence[ViewRows] = (),
    problems: Sequence[RowProblem] = (),
    *,
    reference: str = "prisma",
    tree: str = "supabase",
) -> Result:
    """The result of ``rows``."""
    found = RowsComparison(
        reference=reference, tree=tree, views=tuple(views), problems=tuple(problems)
    )
    return result_of(ROWS, rows.findings(found), tree)


def allowances_result(
    stale: Sequence[Allowance], expired: Sequence[Allowance], tree: str = "supabase"
) -> Result:
    """The result of ``allowances``."""
    return result_of(allowances.NAME, allowances.findings(tree, stale, expired), tree)


def not_built(tree: str, reason: str) -> Result:
    """The result of ``applies`` for a tree that could not be built."""
    return result_of(applies.NAME, [applies.not_built(tree, reason)], tree)


def tree_results(
    comparison: Comparison = Comparison(),  # noqa: B008, it is immutable
    *others: Result,
    allowed: Sequence[tuple[int, str]] = (),
    tree: str = "supabase",
    stand_ins: tuple[str, ...] = (),
) -> TreeResults:
    """What is known of a candidate; ``allowed`` are numbers of differences, with the reasons."""
    reasons = dict(allowed)
    found = [finding_of(each, tree, fail_on=comparison.fail_on) for each in comparison]
    found = [_allowed(each, reasons.get(at)) for at, each in enumerate(found)]
    results = [structure.CHECK.result(n, tree, found, allow=ALLOW) for n in structure.CHECK.names]
    return TreeResults(files=("sql/b.sql",), stand_ins=stand_ins, results=(*others, *results))


def _allowed(finding: Finding, reason: str | None) -> Finding:
    from dataclasses import replace

    return finding if reason is None else replace(finding, allowed=reason)
