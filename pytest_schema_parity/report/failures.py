"""What failed while a tree was applied, as lines of text: where, why, and the line itself."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Final

from pytest_schema_parity.migrations.failure import Failure
from pytest_schema_parity.report.markup import Highlight, plain
from pytest_schema_parity.report.wording import clean, clean_lines, clipped, counted
from pytest_schema_parity.showing import printable

INDENT: Final = "    "
WIDTH: Final = 100
SHORT: Final = 80
"""Characters up to which a hint stands beside the message."""


def failure_lines(
    failures: Sequence[Failure],
    *,
    tree: str,
    highlight: Highlight = plain,
) -> list[str]:
    """What the check ``applies`` has to tell; empty when nothing failed.

    The first line counts, and tells of the first failure, of which others are often consequences.
    """
    if not failures:
        return []
    head = f"{counted(len(failures), 'statement')} of {printable(tree)} failed"
    if len(failures) > 1:
        files = {failure.file for failure in failures}
        head += f" in {counted(len(files), 'file')}, the first"
    lines = [f"{head}: {failure_text(failures[0])}"]
    for failure in failures:
        lines += ["", failure_text(failure, highlight=highlight)]
        lines += ((INDENT + line).rstrip() for line in _excerpt(failure, highlight))
        if failure.detail:
            lines.append(f"{INDENT}detail: {clean(failure.detail)}")
        if failure.hint and not _beside(failure.hint):
            lines.append(f"{INDENT}hint: {clean(failure.hint)}")
    return lines


def failure_text(failure: Failure, *, highlight: Highlight = plain) -> str:
    """``file:5:22: relation "submission" does not exist (42P01) — did you mean submissions?``."""
    place = printable(f"{failure.file}:{failure.line}:{failure.column}")
    text = f"{highlight('place', place)}: {clean(failure.message)}"
    if failure.sqlstate:
        text += f" ({printable(failure.sqlstate)})"
    return text + _beside(failure.hint)


def _beside(hint: str | None) -> str:
    """A hint that is short enough to stand beside the message; else nothing."""
    if not hint or len(hint) > SHORT or "\n" in hint:
        return ""
    return f" — {clean(hint[:1].lower() + hint[1:])}"


def _excerpt(failure: Failure, highlight: Highlight) -> list[str]:
    """The line of the mistake with a caret below it, else the statement."""
    if failure.excerpt is None:
        return [clipped(clean(failure.statement), WIDTH)] if failure.statement else []
    before, after = (clean_lines(part)[0] for part in failure.excerpt)
    if len(before) > WIDTH // 2:
        before = f"…{before[1 - WIDTH // 2 :]}"
    shown = clipped(before + after, WIDTH)
    margin = f"{failure.line} | "
    caret = " " * (len(margin) + _width(before)) + highlight("bad", "^")
    return [margin + shown, caret]


def _width(text: str) -> int:
    """How many columns of a terminal a text takes: wide characters take two, accents none."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(map(bool, map(unicodedata.combining, text)))
