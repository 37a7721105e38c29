"""Reduce two lists to the items in which they differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

_T = TypeVar("_T")


def differing_items(old: Sequence[_T], new: Sequence[_T]) -> tuple[list[_T], list[_T]]:
    """From each list: the items that the other lacks.

    If the common items are in another order, all items from the first to the last that differs in
    position.  No list contains an item twice.

    >>> differing_items(["new", "paid", "sent"], ["new", "sent", "lost"])
    (['paid'], ['lost'])
    >>> differing_items(["new", "low", "mid", "high"], ["new", "mid", "low", "high"])
    (['low', 'mid'], ['mid', 'low'])
    """
    ours, theirs = set(old), set(new)
    if [one for one in old if one in theirs] == [one for one in new if one in ours]:
        return [one for one in old if one not in theirs], [one for one in new if one not in ours]
    first = _common_prefix(old, new)
    last = _common_prefix(old[::-1], new[::-1])
    return list(old[first : len(old) - last]), list(new[first : len(new) - last])


def _common_prefix(old: Sequence[_T], new: Sequence[_T]) -> int:
    """How many items both lists begin with."""
    pairs = enumerate(zip(old, new, strict=False))
    return next((at for at, (one, other) in pairs if one != other), min(len(old), len(new)))
