"""Reduce two lists to the items in which they differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

_T = TypeVar("_T")


def differing_items(old: Sequence[_T], new: Sequence[_T]) -> tuple[list[_T], list[_T]]:
    """From each list: the items that the other lacks, and those that are in another order there.

    No list holds an item twice.  As many items as possible are taken to stand where they stood;
    of several ways to choose them, one is taken that does not depend on which list comes first.

    >>> differing_items(["new", "paid", "sent"], ["new", "sent", "lost"])
    (['paid'], ['lost'])
    >>> differing_items(["low", "mid", "high"], ["mid", "high", "low"])
    (['low'], ['low'])
    """
    kept = set(_longest_common(old, new))
    return [one for one in old if one not in kept], [one for one in new if one not in kept]


def _longest_common(old: Sequence[_T], new: Sequence[_T]) -> Sequence[_T]:
    """The longest list of items that both have in this order; of several, the first by text."""
    places = {item: place for place, item in enumerate(new)}
    best: dict[_T, list[_T]] = {}  # by its last item
    for item in (one for one in old if one in places):
        chains = [chain for last, chain in best.items() if places[last] < places[item]]
        best[item] = [*min(chains, key=_preferred, default=[]), item]
    return min(best.values(), key=_preferred, default=[])


def _preferred(chain: Sequence[object]) -> tuple[int, list[str]]:
    return -len(chain), list(map(str, chain))
