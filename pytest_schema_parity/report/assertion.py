"""Explains why two schemas are not equal, for pytest's assertions."""

from __future__ import annotations

from typing import Final

from pytest_schema_parity.findings.counting import count_text
from pytest_schema_parity.findings.differences import finding_of
from pytest_schema_parity.findings.wording import counted
from pytest_schema_parity.report.markup import Highlight, plain
from pytest_schema_parity.report.terminal_text import finding_lines
from pytest_schema_parity.schema.compare import compare
from pytest_schema_parity.schema.facts import Schema
from pytest_schema_parity.showing import printable

SIDES: Final = ("left", "right")


def explain_comparison(left: Schema, right: Schema, *, highlight: Highlight = plain) -> list[str]:
    """Lines that describe how two schemas differ, seen from the left one.

    The first counts, because pytest cuts an explanation to its first lines; then come the
    differences that fail a gate, then the notes.
    """
    comparison = compare(left, right)
    failing, notes = comparison.failing, comparison.notes
    if not (failing or notes):
        return _platform_lines(left, right)
    counts = count_text(failing) if failing else "no difference that fails the gate"
    if notes:
        counts += f"; {counted(len(notes), 'note')}: {count_text(notes)}"
    lines = [f"the schemas differ: {counts}"]
    for difference in (*failing, *notes):
        finding = finding_of(difference, SIDES[1])
        lines += finding_lines(finding, reference=SIDES[0], highlight=highlight)
    return lines


def _platform_lines(left: Schema, right: Schema) -> list[str]:
    """The facts that are not equal and not compared: those of different platforms."""
    keys = {fact.key: None for side in (left, right) for fact in side}
    unequal = [key for key in keys if left.get(key) != right.get(key)]
    if not unequal:
        return []
    brought = f"{counted(len(unequal), 'fact')} of their platforms"
    lines = [f"the schemas differ in {brought} ({left.platform} and {right.platform})"]
    lines = [*map(printable, lines)]
    lines += (printable(f"    {kind} {name}") for kind, name in sorted(unequal))
    return lines
