"""Pair each missing row with the most similar extra row, for display."""

from __future__ import annotations

from collections import Counter

from pytest_schema_parity.behavior.row_comparison import MAX_ROWS
from pytest_schema_parity.findings.evidence import Row, RowPair


def pair_rows(missing: Counter[Row], extra: Counter[Row]) -> tuple[RowPair, ...]:
    """The first differing rows in a stable order, each paired with the most similar row.

    Rows are similar if at least one value, not NULL, is equal; a row without a similar one has no
    partner.
    """
    pairs = []
    unpaired = dict(sorted(extra.items(), key=_order)[: MAX_ROWS * MAX_ROWS])
    for row, times in sorted(missing.items(), key=_order)[:MAX_ROWS]:
        best = max(unpaired, key=lambda other: _alikeness(row, other), default=None)
        if best is None or not _alikeness(row, best) or unpaired[best] != times:
            pairs.append(RowPair(row, None, times))
        else:
            pairs.append(RowPair(row, best, times))
            del unpaired[best]
    alone = [RowPair(None, row, times) for row, times in unpaired.items()]
    return tuple(pairs + alone[:MAX_ROWS])


def _alikeness(row: Row, other: Row) -> int:
    """How many values, not NULL, are equal in two rows."""
    return sum(a == b is not None for a, b in zip(row, other, strict=True))


def _order(item: tuple[Row, int]) -> tuple[tuple[bool, str], ...]:
    return _text(item[0])


def _text(row: Row) -> tuple[tuple[bool, str], ...]:
    return tuple((value is None, value or "") for value in row)
