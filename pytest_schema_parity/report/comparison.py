"""A comparison of two schemas as lines of text, outside of a gate."""

from __future__ import annotations

from typing import Final

from pytest_schema_parity.findings.counting import count_text
from pytest_schema_parity.findings.differences import finding_of
from pytest_schema_parity.findings.wording import counted
from pytest_schema_parity.report.markup import Highlight, plain
from pytest_schema_parity.report.text import finding_lines
from pytest_schema_parity.schema.difference import Comparison

NAMES: Final = ("reference", "candidate")


def comparison_lines(
    comparison: Comparison, *, names: tuple[str, str] = NAMES, highlight: Highlight = plain
) -> list[str]:
    """The lines of the text report: the counts, what fails a gate, then the notes.

    ``names`` are those of the two sides.
    """
    failing, notes = comparison.failing, comparison.notes
    if not comparison:
        return ["no difference"]
    counts = count_text(failing) if failing else "no difference that fails the gate"
    if notes:
        counts += f"; {counted(len(notes), 'note')}: {count_text(notes)}"
    lines = [counts]
    for difference in (*failing, *notes):
        finding = finding_of(difference, names[1])
        lines += finding_lines(finding, reference=names[0], highlight=highlight)
    return lines
