"""The report as Markdown, for a pull request or a job summary."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pytest_schema_parity.findings.counting import count_text
from pytest_schema_parity.findings.finding import UNCHECKED
from pytest_schema_parity.findings.verdict import RunResults, TreeResults, Verdict
from pytest_schema_parity.findings.wording import counted
from pytest_schema_parity.report.summary import totals_text
from pytest_schema_parity.report.terminal_text import bookkeeping_text, result_lines
from pytest_schema_parity.schema.kinds import GROUPS
from pytest_schema_parity.showing import clean

OPENING: Final = "# Schema "
"""How a report begins."""
TITLES: Final[dict[Verdict, str]] = {
    "parity": "Schema parity",
    "drift": "Schema drift",
    "broken": "Schema parity was not checked completely",
}
SPECIAL_CHARACTERS: Final = re.compile(r"[&<>\\`*_\[\]|~#@!$]")


def render(run: RunResults) -> str:
    """The report as a text: the verdict, then each tree with what its checks found."""
    lines = [f"# {TITLES[run.verdict]}", ""]
    lines.append(f"Reference: {_code_span(run.reference)}. PostgreSQL {_server_text(run)}.")
    if run.incomplete:
        lines += ["", f"Incomplete: {clean(run.incomplete)}."]
    lines += _failed_checks(run)
    for name, tree in run.trees.items():
        lines += _tree_lines(run, name, tree)
    return "\n".join(lines) + "\n"


def _failed_checks(run: RunResults) -> Iterator[str]:
    """The checks that failed and reported no finding: those of the project's own."""
    reported = {(each.tree, each.check) for tree in run.trees.values() for each in tree.results}
    failed = [
        _code_span(f"{tree}::{check}")
        for tree, checks in run.checks.items()
        for check, outcome in checks.items()
        if outcome == "failed" and (tree, check) not in reported
    ]
    if failed:
        yield from ("", f"Other failed checks: {', '.join(failed)}.")


def _server_text(run: RunResults) -> str:
    return _escape_markdown(f"{run.version or 'unknown'} from {run.source or 'no server'}")


def _tree_lines(run: RunResults, name: str, tree: TreeResults) -> Iterator[str]:
    is_reference = name == run.reference
    counterexamples = tree.counterexamples
    texts = {
        each.check: result_lines(
            each, reference=run.reference, bookkeeping=False, counterexamples=counterexamples
        )
        for each in tree.results
    }
    sections = {check: lines for check, lines in texts.items() if lines}
    if is_reference and not sections:
        return
    yield from ("", f"## {_escape_markdown(name)}", "")
    yield _tree_state(tree, is_reference=is_reference)
    if tree.stand_ins:
        yield from ("", f"Stand-ins: {', '.join(map(_code_span, tree.stand_ins))}.")
    if kept := bookkeeping_text([each for each in tree.findings if each.is_bookkeeping]):
        yield from ("", f"{_escape_markdown(kept[0].upper() + kept[1:])}.")
    for check, lines in sections.items():
        yield from ("", f"### {check}", "", *_fence(lines))


def _tree_state(tree: TreeResults, *, is_reference: bool) -> str:
    changes = {finding.change for finding in tree.findings}
    failed = list(dict.fromkeys(each.check for each in tree.findings if each.fails))
    if "not built" in changes:
        return "The tree could not be built."
    if is_reference:
        return "The reference does not apply cleanly."
    if changes & UNCHECKED or not tree.results:
        return "The tree was not compared."
    if not any(each.check in GROUPS for each in tree.results):
        checks = counted(len(tree.results), "check")
        return f"{len(failed)} of {checks} failed." if failed else f"{checks} passed."
    found = [each.difference for each in tree.findings if each.difference and each.fails]
    counts = _escape_markdown(count_text(found)) or "No difference of the catalogs"
    if not found and failed:
        counts += f"; {', '.join(map(_code_span, failed))} failed"
    notes = {each.impact for each in tree.findings if each.note and each.difference}
    totals = totals_text(
        tree.impacts, allowed=tree.allowed, consequences=tree.consequences, notes=notes
    )
    return f"{counts} ({totals})." if totals else f"{counts}."


def _escape_markdown(text: str) -> str:
    """The text with Markdown's, HTML's and GitHub's special characters escaped."""
    return SPECIAL_CHARACTERS.sub(lambda mark: f"&#{ord(mark[0])};", clean(text))


def _fence(lines: list[str]) -> list[str]:
    """The lines in a fence that is longer than any in them."""
    fence = "`" * max(3, _longest_run(lines) + 1)
    return [f"{fence}text", *lines, fence]


def _code_span(text: str) -> str:
    """The text as code, between more backticks than it holds in a row."""
    shown = clean(text)
    mark = "`" * (_longest_run([shown]) + 1)
    return f"`{shown}`" if mark == "`" else f"{mark} {shown} {mark}"


def _longest_run(lines: list[str]) -> int:
    """The most backticks in a row that a line holds."""
    return max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
