"""Compare the two facts of each pair: their attributes, and the order of their siblings.

Rules for single kinds are data, in :mod:`~pytest_schema_parity.schema.kinds`: this module names no
kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final, TypeVar

from pytest_schema_parity.schema.difference import Difference, Origins
from pytest_schema_parity.schema.facts import Fact, Key
from pytest_schema_parity.schema.kinds import IMPACTS, Impact, kind_of
from pytest_schema_parity.schema.list_differences import differing_items
from pytest_schema_parity.schema.match_facts import Match
from pytest_schema_parity.schema.names import short
from pytest_schema_parity.schema.same_effect import Sides, milder, why_milder

_T = TypeVar("_T")

_ABSENT: Final = object()


def compare_pairs(match: Match) -> Iterator[Difference]:
    """Yield one difference for each attribute in which the two facts of a pair differ.

    A difference that exists only because of a rename is kept in ``match.followers`` instead.
    """
    for old, new in sorted(match.pairs, key=_symmetric_sort_key):
        kind = kind_of(old.kind)
        whole = min(
            kind.impact_of(old.attributes), kind.impact_of(new.attributes), key=IMPACTS.index
        )
        sides = Sides(old, new, match.reference, match.candidate)
        impacts = milder(
            {
                attribute: kind.impact_of_attribute(attribute) or whole
                for attribute in _differing_attributes(match, old, new)
            },
            sides,
        )
        changes = {
            attribute: _changed_attribute(match, sides, attribute, impact)
            for attribute, impact in impacts.items()
        }
        for attribute, change in list(changes.items()):
            if match.mentions and (causes := match.mentions.causes(old, new, attribute)):
                match.followers.setdefault(min(causes), []).append(change)
                del changes[attribute]
        reported: tuple[Key, ...] = ()
        if any(one.impact == "form" for one in changes.values()) and _form_reports_parent(old, new):
            changes.pop("parent", None)
            reported = tuple(
                sorted(
                    (
                        *_take_reported_parent(match.missing, old),
                        *_take_reported_parent(match.extra, new),
                    )
                )
            )
        for one in changes.values():
            yield replace(one, below=reported) if one.impact == "form" else one


def _changed_attribute(match: Match, sides: Sides, attribute: str, impact: Impact) -> Difference:
    """The difference of an attribute; of long lists only the items that differ."""
    old, new = sides.old, sides.new
    ours, theirs = _attributes(match, old, new, old.attributes, new.attributes)
    expected, actual = ours.get(attribute), theirs.get(attribute)
    is_list = attribute in kind_of(old.kind).lists
    if is_list and isinstance(expected, list) and isinstance(actual, list):
        expected, actual = differing_items(expected, actual)
    return Difference(
        kind=old.kind,
        name=old.name,
        change="changed",
        attribute=attribute,
        expected=expected,
        actual=actual,
        impact=impact,
        origin=_origins(old, new, attribute),
        why=why_milder(attribute, impact, sides),
    )


def _symmetric_sort_key(pair: tuple[Fact, Fact]) -> list[Key]:
    """A sort key for pairs that does not depend on which schema is the reference."""
    return sorted(fact.key for fact in pair)


def _differing_attributes(match: Match, old: Fact, new: Fact) -> list[str]:
    """The attributes in which two facts differ, except in spelling."""
    ours, theirs = _attributes(match, old, new, old.canonical, new.canonical)
    return [
        attribute
        for attribute in ours.keys() | theirs.keys()
        if ours.get(attribute, _ABSENT) != theirs.get(attribute, _ABSENT)
    ]


def _attributes(
    match: Match, old: Fact, new: Fact, ours: Mapping[str, _T], theirs: Mapping[str, _T]
) -> tuple[dict[str, _T | str | None], dict[str, _T | str | None]]:
    """The attributes of two facts without their rank, but with their parent if that differs."""
    mine: dict[str, _T | str | None] = dict(ours)
    yours: dict[str, _T | str | None] = dict(theirs)
    if not match.are_siblings(old, new):
        mine["parent"] = " ".join(old.parent) if old.parent else None
        yours["parent"] = " ".join(new.parent) if new.parent else None
    elif (order := kind_of(old.kind).order) and _are_ranked(old, new):
        del mine[order], yours[order]
    return mine, yours


def _form_reports_parent(old: Fact, new: Fact) -> bool:
    """Whether a difference in form already reports that two facts have different parents."""
    parents = {old.parent, new.parent} - {None}
    return any(kind_of(parent[0]).reported_by_child == old.kind for parent in parents if parent)


def _take_reported_parent(unmatched: dict[Key, Fact], fact: Fact) -> tuple[Key, ...]:
    """Remove the parent from the missing (extra) facts if its child reports it; return its key."""
    parent = unmatched.get(fact.parent) if fact.parent else None
    if parent is None or kind_of(parent.kind).reported_by_child != fact.kind:
        return ()
    if any(
        parent.attributes.get(attribute) for attribute in kind_of(parent.kind).not_reported_by_child
    ):
        return ()
    del unmatched[parent.key]
    return (parent.key,)


def compare_orders(match: Match) -> Iterator[Difference]:
    """Yield one difference, on the parent, if the siblings of both sides are in another order."""
    families = {
        (old.kind, old.parent): new.parent
        for old, new in match.pairs
        if match.are_siblings(old, new) and _are_ranked(old, new) and old.rank != new.rank
    }
    for (kind, above), above_new in families.items():
        if above is None or above_new is None:
            continue
        shared = [
            (old, new)
            for old in match.reference.children[above]
            if old.kind == kind
            and (new := match.candidate.get(match.counterpart(old.key)))
            and new.parent == above_new
            and _are_ranked(old, new)
        ]
        ours = sorted(shared, key=lambda pair: pair[0].rank or 0)
        theirs = sorted(shared, key=lambda pair: pair[1].rank or 0)
        if ours != theirs:
            attribute = f"{kind} order".replace(" ", "_")
            yield Difference(
                kind=above[0],
                name=above[1],
                change="changed",
                attribute=attribute,
                expected=[short(old.name, above[1]) for old, _ in ours],
                actual=[short(new.name, above_new[1]) for _, new in theirs],
                impact=kind_of(above[0]).impact_of_attribute(attribute) or "order",
                origin=_origins(match.reference.get(above), match.candidate.get(above_new)),
            )


def _are_ranked(old: Fact, new: Fact) -> bool:
    """Whether both facts have a rank, which is compared only relative to their siblings."""
    return None not in (old.rank, new.rank, old.parent, new.parent)


def _origins(old: Fact | None, new: Fact | None, attribute: str | None = None) -> Origins:
    return Origins(
        old.origin.of(attribute) if old else None, new.origin.of(attribute) if new else None
    )
