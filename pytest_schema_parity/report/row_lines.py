"""Rows that differ, as lines of text: counts, then the rows side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from pytest_schema_parity.findings.evidence import Row, RowPair, Rows
from pytest_schema_parity.findings.wording import counted, value_pair
from pytest_schema_parity.report.markup import Highlight, plain
from pytest_schema_parity.showing import HIDDEN, clean, clipped, is_secret, printable

INDENT: Final = "    "
MOST_PAIRS: Final = 5
"""Differing rows of one query that are shown."""
MOST_WIDTH: Final = 60
"""Characters of one value that are shown."""


def rows_lines(
    rows: Rows, reference: str, tree: str, *, highlight: Highlight = plain
) -> Iterator[str]:
    """Lines with the first pairs of rows that differ, and how many more there are."""
    reference, tree = printable(reference), printable(tree)
    for pair in rows.pairs[:MOST_PAIRS]:
        yield from _pair_lines(pair, rows.columns, reference, tree, highlight)
    shown = sum(pair.times * _row_count(pair) for pair in rows.pairs[:MOST_PAIRS])
    if (more := rows.missing + rows.extra - shown) > 0:
        yield f"… and {counted(more, 'row')} more in both trees together"


def _pair_lines(
    pair: RowPair, columns: Sequence[str], reference: str, tree: str, highlight: Highlight
) -> Iterator[str]:
    times = f"   ({pair.times} times)" if pair.times > 1 else ""
    if pair.reference is None or pair.candidate is None:
        side = tree if pair.reference is None else reference
        row = pair.candidate if pair.reference is None else pair.reference
        yield f"only in {side}: {_row_text(columns, row or ())}{times}"
        return
    cells = list(zip(columns, pair.reference, pair.candidate, strict=True))
    same = [(column, left) for column, left, right in cells if left == right]
    known = _row_text(*zip(*same, strict=True)) if same else "no equal value"
    yield f"row with {known}{times}"
    table = [("", reference, tree)]
    for column, left, right in cells:
        if left != right:
            table.append((clean(column), *_shown_values(column, left, right)))
    widths = [max(len(line[cell]) for line in table) for cell in (0, 1)]
    for name, left, right in table:
        shown = f"{INDENT}{name:<{widths[0]}}  {left:<{widths[1]}}  {right}"
        yield highlight("heading", shown) if not name else shown


def _row_count(pair: RowPair) -> int:
    return (pair.reference is not None) + (pair.candidate is not None)


def _shown_values(column: str, left: str | None, right: str | None) -> tuple[str, str]:
    """Two values that differ, cut so that the first difference is shown."""
    if is_secret(column):
        return f"{HIDDEN} (one value)", f"{HIDDEN} (another value)"
    shown = value_pair(_sql_text(left), _sql_text(right))
    if max(map(len, shown)) <= MOST_WIDTH:
        return shown
    start = next((at for at, (a, b) in enumerate(zip(*shown, strict=False)) if a != b), 0)
    cut = max(0, start - MOST_WIDTH // 3)
    lead = "…" if cut else ""
    return (
        clipped(lead + shown[0][cut:], MOST_WIDTH),
        clipped(lead + shown[1][cut:], MOST_WIDTH),
    )


def _row_text(columns: Sequence[str], row: Row) -> str:
    pairs = (
        f"{clean(column)} = {_cell_text(column, value)}"
        for column, value in zip(columns, row, strict=True)
    )
    return clipped(", ".join(pairs), 200)


def _cell_text(column: str, value: str | None) -> str:
    return HIDDEN if is_secret(column) else clipped(clean(_sql_text(value)), MOST_WIDTH)


def _sql_text(value: str | None) -> str:
    """A value as text: NULL bare, and a text that looks like it in quotes."""
    if value is None:
        return "NULL"
    return f"'{value}'" if value in ("", "NULL") else value
