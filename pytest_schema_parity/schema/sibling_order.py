"""Decide by the order of columns in a table which of several similar ones was renamed to which."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from difflib import SequenceMatcher
from itertools import combinations, pairwise
from typing import Final, TypeAlias

from pytest_schema_parity.schema.facts import Fact, Key, Schema
from pytest_schema_parity.schema.names import short

Neighbours: TypeAlias = tuple[Key | None, Key | None]
"""The nearest siblings before and after a fact that both schemas have."""
NO_NEIGHBOURS: Final[Neighbours] = (None, None)


def neighbours_of(
    schema: Schema, unmatched: Collection[Key], facts: list[Fact]
) -> dict[Key, Neighbours]:
    """Map each fact to its neighbours: the nearest siblings before and after it in both schemas."""
    found: dict[Key, Neighbours] = {}
    for kind, parent in {(fact.kind, fact.parent) for fact in facts if fact.parent}:
        siblings = [
            (rank, fact.key)
            for fact in schema.children[parent]
            if fact.kind == kind and (rank := fact.rank) is not None
        ]
        keys = [key for _, key in sorted(siblings)]
        following = dict(_last_shared(unmatched, reversed(keys)))
        found |= {key: (before, following[key]) for key, before in _last_shared(unmatched, keys)}
    return found


def _last_shared(
    unmatched: Collection[Key], keys: Iterable[Key]
) -> Iterator[tuple[Key, Key | None]]:
    """Each key with the last one before it that both schemas have."""
    last = None
    for key in keys:
        yield key, last
        if key not in unmatched:
            last = key


def pairs_in_order(
    reference: Schema, candidate: Schema, mine: list[Key], yours: list[Key]
) -> list[tuple[Key, Key]]:
    """Pair siblings with the same definition and the same neighbours by their order.

    Empty if the order does not decide: there are more of them on one side, something else is
    between them on one side only, or their names suggest another order (``min``, ``max`` and
    ``maximum``, ``minimum``): what reads one of them would then read the other.
    """
    if len(mine) != len(yours):
        return []
    ours, theirs = _by_rank(reference, mine), _by_rank(candidate, yours)
    if _gaps(ours) != _gaps(theirs):
        return []
    pairs = [(old, new) for (_, old), (_, new) in zip(ours, theirs, strict=True)]
    names = [(_name(reference, old), _name(candidate, new)) for old, new in pairs]
    is_crossed = any(
        _likeness(one[0], other[1]) + _likeness(other[0], one[1])
        > _likeness(*one) + _likeness(*other)
        for one, other in combinations(names, 2)
    )
    return [] if is_crossed else pairs


def _by_rank(schema: Schema, keys: list[Key]) -> list[tuple[int, Key]]:
    return sorted((schema[key].rank or 0, key) for key in keys)


def _gaps(ranked: list[tuple[int, Key]]) -> list[int]:
    """The distance of each fact from the previous one."""
    ranks = [rank for rank, _ in ranked]
    return [after - before for before, after in pairwise(ranks)]


def _name(schema: Schema, key: Key) -> str:
    parent = schema[key].parent
    return short(key[1], parent[1]) if parent else key[1]


def _likeness(one: str, other: str) -> float:
    """How similar two names are, from 0 to 1, in either order."""
    first, second = sorted((one, other))
    return SequenceMatcher(None, first, second, autojunk=False).ratio()
