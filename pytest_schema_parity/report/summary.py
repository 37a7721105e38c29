"""The table of trees by checks, and the totals, for the end of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pytest_schema_parity.report.markup import Highlight, Markup, plain
from pytest_schema_parity.report.run import Outcome
from pytest_schema_parity.report.wording import counted
from pytest_schema_parity.schema.kinds import CHECKS, FAILING, IMPACTS, Impact
from pytest_schema_parity.showing import printable


@dataclass(frozen=True, slots=True)
class Cell:
    """What a check of a tree came to, and how many differences it found (0 where not counted)."""

    outcome: Outcome
    count: int = 0


SYMBOLS: Final[Mapping[Outcome, str]] = {
    "passed": "✓",
    "failed": "✗",
    "error": "!",
    "skipped": "-",
}
ASCII: Final[Mapping[Outcome, str]] = {
    "passed": "ok",
    "failed": "FAIL",
    "error": "ERROR",
    "skipped": "-",
}
MARKUP: Final[Mapping[Outcome, Markup]] = {
    "passed": "good",
    "failed": "bad",
    "error": "bad",
    "skipped": "note",
}
ABSENT: Final = "·"


def summary_lines(
    cells: Mapping[str, Mapping[str, Cell]],
    *,
    impacts: Mapping[Impact, int] | None = None,
    allowed: int = 0,
    fail_on: frozenset[Impact] = FAILING,
    encoding: str | None = "utf-8",
    highlight: Highlight = plain,
) -> list[str]:
    """A line for each check that ran, a column for each tree, and a line of totals.

    ``encoding`` is the terminal's: where it lacks the symbols, words stand for them.
    """
    symbols = SYMBOLS if _can_show(encoding) else ASCII
    absent = ABSENT if symbols is SYMBOLS else ""
    cells = {printable(name): tree for name, tree in cells.items()}
    checks = _checks(cells)
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
            dressed = highlight(MARKUP[cell.outcome], text) if cell else text
            line += "  " + dressed + " " * (width - len(text))
        lines.append(line.rstrip())
    totals = totals_text(impacts or {}, allowed=allowed, fail_on=fail_on)
    return [*lines, totals] if totals else lines


def _checks(cells: Mapping[str, Mapping[str, Cell]]) -> list[str]:
    """The checks that ran: the plugin's own in their order, then a project's."""
    ran = dict.fromkeys(check for tree in cells.values() for check in tree)
    return [check for check in CHECKS if check in ran] + [c for c in ran if c not in CHECKS]


def totals_text(
    impacts: Mapping[Impact, int], *, allowed: int = 0, fail_on: frozenset[Impact] = FAILING
) -> str:
    """``3 differences: 2 behavior, 1 security; 2 notes: 2 comment; 1 allowed``, or nothing."""
    parts = []
    for noun, fails in (("difference", True), ("note", False)):
        counts = [
            (impacts.get(impact, 0), impact)
            for impact in IMPACTS
            if impacts.get(impact, 0) and (impact in fail_on) is fails
        ]
        if counts:
            told = ", ".join(f"{count} {impact}" for count, impact in counts)
            parts.append(f"{counted(sum(count for count, _ in counts), noun)}: {told}")
    if allowed:
        parts.append(f"{allowed} allowed")
    return "; ".join(parts)


def _cell_text(cell: Cell | None, symbols: Mapping[Outcome, str], absent: str) -> str:
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
