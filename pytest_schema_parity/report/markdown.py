"""The report as Markdown, for a pull request or a job summary."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pytest_schema_parity.report.allowances import allowance_lines
from pytest_schema_parity.report.counting import count_text
from pytest_schema_parity.report.failures import failure_lines
from pytest_schema_parity.report.rows import rows_lines
from pytest_schema_parity.report.run import RunReport, TreeReport, Verdict
from pytest_schema_parity.report.summary import totals_text
from pytest_schema_parity.report.text import check_lines
from pytest_schema_parity.report.wording import clean
from pytest_schema_parity.schema.kinds import CHECKS, FAILING

TITLES: Final[dict[Verdict, str]] = {
    "parity": "Schema parity",
    "drift": "Schema drift",
    "broken": "Schema parity could not be established",
}
SPECIAL: Final = re.compile(r"[&<>\\`*_\[\]|~#@!$]")


def render(run: RunReport) -> str:
    """The report as a text: the verdict, then each candidate with what its checks tell."""
    lines = [f"# {TITLES[run.verdict]}", ""]
    lines.append(f"Reference: {_code(run.reference)}. PostgreSQL {_server(run)}.")
    if run.incomplete:
        lines += ["", f"Incomplete: {clean(run.incomplete)}."]
    lines += _failed_checks(run)
    for name, tree in run.trees.items():
        lines += _tree(run, name, tree)
    return "\n".join(lines) + "\n"


def _failed_checks(run: RunReport) -> Iterator[str]:
    """The checks of the project's own that failed: what they found is theirs to say."""
    failed = [
        _code(f"{tree}::{check}")
        for tree, checks in run.checks.items()
        for check, outcome in checks.items()
        if outcome == "failed" and check not in CHECKS
    ]
    if failed:
        yield from ("", f"Failed, too: {', '.join(failed)}.")


def _server(run: RunReport) -> str:
    return _escaped(f"{run.version or 'unknown'} from {run.source or 'nowhere'}")


def _tree(run: RunReport, name: str, tree: TreeReport) -> Iterator[str]:
    is_reference = name == run.reference
    sections = list(_sections(run, name, tree))
    if is_reference and not sections:
        return
    yield from ("", f"## {_escaped(name)}", "")
    yield _state(tree, is_reference=is_reference)
    if tree.stand_ins:
        yield from ("", f"Stand-ins: {', '.join(map(_code, tree.stand_ins))}.")
    for title, body in sections:
        yield from ("", f"### {title}", "", *_fenced(body))


def _state(tree: TreeReport, *, is_reference: bool) -> str:
    if tree.error is not None:
        return "The tree could not be built."
    if is_reference:
        return "The reference does not apply cleanly."
    if tree.comparison is None:
        return "The tree was not compared."
    counts = _escaped(count_text(tree.comparison.failing)) or "No difference"
    impacts = {d.impact: 0 for d in tree.comparison}
    for difference in tree.comparison:
        impacts[difference.impact] += 1
    fail_on = tree.comparison.fail_on if impacts else FAILING
    totals = totals_text(impacts, allowed=len(tree.allowed), fail_on=fail_on)
    return f"{counts} ({totals})." if totals else f"{counts}."


def _sections(run: RunReport, name: str, tree: TreeReport) -> Iterator[tuple[str, list[str]]]:
    if tree.error is not None:
        yield "error", [clean(line) for line in tree.error.splitlines()]
    if tree.failures:
        yield "applies", failure_lines(tree.failures, tree=name)
    for check in CHECKS:
        if tree.comparison is not None:
            lines = check_lines(tree.comparison, check=check, reference=run.reference, tree=name)
            if lines:
                yield check, lines
    if tree.rows is not None and (lines := rows_lines(tree.rows)):
        yield "rows", lines
    if lines := allowance_lines(tree.stale, tree.expired, tree=name):
        yield "allowances", lines


def _escaped(text: str) -> str:
    """The text as itself: no markup, no HTML, nobody mentioned and no issue linked."""
    return SPECIAL.sub(lambda mark: f"&#{ord(mark[0])};", clean(text))


def _fenced(lines: list[str]) -> list[str]:
    """The lines as they are, in a fence that none of them can close."""
    fence = "`" * max(3, _longest_run(lines) + 1)
    return [f"{fence}text", *lines, fence]


def _code(text: str) -> str:
    """The text as code, between more backticks than it holds in a row."""
    shown = clean(text)
    mark = "`" * (_longest_run([shown]) + 1)
    return f"`{shown}`" if mark == "`" else f"{mark} {shown} {mark}"


def _longest_run(lines: list[str]) -> int:
    """The most backticks in a row that a line holds."""
    return max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
