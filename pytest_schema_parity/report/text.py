"""Findings as lines of text, for somebody in a hurry."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_schema_parity.findings.evidence import Excerpt
from pytest_schema_parity.findings.finding import Finding, Result
from pytest_schema_parity.findings.wording import counted, place_text
from pytest_schema_parity.report.blocks import INDENT, BlockRenderer
from pytest_schema_parity.report.markup import Highlight, plain
from pytest_schema_parity.showing import clean, printable


def result_lines(result: Result, *, reference: str, highlight: Highlight = plain) -> list[str]:
    """The report of one check of one tree; empty when there is nothing to report.

    The first line counts what fails.  Notes, which fail nothing, follow below a heading.
    """
    lines: list[str] = []
    if result.outcome == "error":
        return [clean(line) for line in result.failing[0].title.splitlines()]
    if failing := result.failing:
        lines.append(result.headline)
        for finding in failing:
            lines += ["", *finding_lines(finding, reference=reference, highlight=highlight)]
        if result.advice:
            lines += ["", result.advice]
    if notes := result.notes:
        lines += [
            "",
            highlight("note", f"{counted(len(notes), 'note')} (they do not fail the check):"),
        ]
        for finding in notes:
            lines += finding_lines(finding, reference=reference, highlight=highlight)
    return lines if failing else lines[1:]


def finding_lines(finding: Finding, *, reference: str, highlight: Highlight = plain) -> list[str]:
    """One finding: its title, and below it the evidence."""
    first, *further = map(clean, finding.title.splitlines() or [""])
    lines = [_dressed(finding, first, highlight), *further]
    for line in BlockRenderer(finding, reference, highlight).lines():
        lines.append((INDENT + line).rstrip())
    return lines


def _dressed(finding: Finding, title: str, highlight: Highlight) -> str:
    """The title with its location or the name in it highlighted, and the impact."""
    location = next((loc for loc in _locations(finding) if title.startswith(loc)), None)
    name = clean(finding.name)
    if location is not None:
        title = highlight("place", location) + title[len(location) :]
    elif name and name in title:
        before, _, after = title.partition(name)
        title = f"{before}{highlight('name', name)}{after}"
    if finding.allowed is not None:
        return f"{title}, allowed: {clean(finding.allowed)}"
    shows_impact = finding.difference is not None and finding.impact != "behavior"
    return f"{title}   ({finding.impact})" if shows_impact else title


def _locations(finding: Finding) -> Iterator[str]:
    """The texts with which a title may begin that say where."""
    for block in finding.evidence:
        if isinstance(block, Excerpt):
            yield printable(str(block))
    if finding.locations.tree is not None:
        yield place_text(finding.locations.tree)
