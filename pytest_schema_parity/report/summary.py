"""The table of trees by checks, and the totals, for the end of a run."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pytest_schema_parity.findings.finding import CheckOutcome
from pytest_schema_parity.findings.wording import counted
from pytest_schema_parity.report.markup import Highlight, Markup, plain
from pytest_schema_parity.schema.kinds import FAILING, IMPACTS, Impact
from pytest_schema_parity.showing import printable


@dataclass(frozen=True, slots=True)
class Cell:
    """The outcome of a check of a tree, and how many findings fail it."""

    outcome: CheckOutcome
    count: int = 0


SYMBOLS: Final[Mapping[CheckOutcome, str]] = {
    "passed": "✓",
    "failed": "✗",
    "error": "!",
    "skipped": "-",
}
ASCII_SYMBOLS: Final[Mapping[CheckOutcome, str]] = {
    "passed": "ok",
    "failed": "FAIL",
    "error": "ERROR",
    "skipped": "-",
}
MARKUP: Final[Mapping[CheckOutcome, Markup]] = {
    "passed": "good",
    "failed": "bad",
    "error": "bad",
    "skipped": "note",
}
ABSENT: Final = "·"
NOTES: Final = frozenset(IMPACTS) - FAILING


def summary_lines(
    cells: Mapping[str, Mapping[str, Cell]],
    *,
    impacts: Mapping[Impact, int] | None = None,
    allowed: int = 0,
    consequences: int = 0,
    notes: Collection[Impact | None] = NOTES,
    order: Sequence[str] = (),
    encoding: str | None = "utf-8",
    highlight: Highlight = plain,
) -> list[str]:
    """A line for each check that ran, a column for each tree, and a line of totals.

    ``cells`` are by tree and check; ``order`` is that of the checks.  ``encoding`` is the
    terminal's: if it lacks the symbols, words replace them.
    """
    symbols = SYMBOLS if _can_show(encoding) else ASCII_SYMBOLS
    absent = ABSENT if symbols is SYMBOLS else ""
    cells = {printable(name): tree for name, tree in cells.items()}
    checks = list(dict.fromkeys(check for tree in cells.values() for check in tree))
    ranks = {check: rank for rank, check in enumerate(order)}
    checks.sort(key=lambda check: ranks.get(check, len(ranks)))
    texts = {
        (name, check): _cell_text(tree.get(check), symbols, absent)
        for name, tree in cells.items()
        for check in checks
    }
    widths = {
        name: max([len(name), *(len(texts[name, check]) for check in checks)]) for name in cells
    }
    first = max([len(check) for check in checks], default=0)
    heads = "  ".join(f"{name:<{width}}" for name, width in widths.items())
    lines = [highlight("heading", f"{'':<{first}}  {heads}".rstrip())] if checks else []
    for check in checks:
        line = f"{check:<{first}}"
        for name, width in widths.items():
            text = texts[name, check]
            cell = cells[name].get(check)
            coloured = highlight(MARKUP[cell.outcome], text) if cell else text
            line += "  " + coloured + " " * (width - len(text))
        lines.append(line.rstrip())
    totals = totals_text(impacts or {}, allowed=allowed, consequences=consequences, notes=notes)
    return [*lines, totals] if totals else lines


def totals_text(
    impacts: Mapping[Impact, int],
    *,
    allowed: int = 0,
    consequences: int = 0,
    notes: Collection[Impact | None] = NOTES,
) -> str:
    """``3 differences: 2 behavior, 1 security; 2 notes: 2 comment; 1 allowed``, or nothing.

    ``notes`` are the impacts that fail nothing, ``consequences`` how many of all differences may be
    there only because a statement failed.
    """
    parts = []
    for noun, is_note in (("difference", False), ("note", True)):
        counts = [
            (impacts.get(impact, 0), impact)
            for impact in IMPACTS
            if impacts.get(impact, 0) and (impact in notes) is is_note
        ]
        if counts:
            counts_text = ", ".join(f"{count} {impact}" for count, impact in counts)
            parts.append(f"{counted(sum(count for count, _ in counts), noun)}: {counts_text}")
    if consequences:
        parts.append(f"{consequences} of them may be caused by failed statements")
    if allowed:
        parts.append(f"{allowed} allowed")
    return "; ".join(parts)


def _cell_text(cell: Cell | None, symbols: Mapping[CheckOutcome, str], absent: str) -> str:
    if cell is None:
        return absent
    return f"{symbols[cell.outcome]} {cell.count}" if cell.count else symbols[cell.outcome]


def _can_show(encoding: str | None) -> bool:
    """Whether a terminal of this encoding has the symbols."""
    try:
        "".join((*SYMBOLS.values(), ABSENT)).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
