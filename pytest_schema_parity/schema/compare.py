"""Compare two schemas: find the facts that are missing, extra, changed or renamed.

First *match* the facts of both schemas, by name or as renames; then compare the attributes of each
pair; last, fold missing (extra) facts into the topmost fact that is missing (extra) with them.
Rules for single kinds are data, in :mod:`~pytest_schema_parity.schema.kinds`: this module names no
kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final, Literal, TypeVar

from pytest_schema_parity.schema.bookkeeping import (
    KEPT_BY_A_TOOL,
    belongs_to_bookkeeping,
    tool_of,
)
from pytest_schema_parity.schema.causes import fold_consequences
from pytest_schema_parity.schema.difference import Comparison, Difference, Origins
from pytest_schema_parity.schema.facts import Fact, Key, Schema
from pytest_schema_parity.schema.items import differing_items
from pytest_schema_parity.schema.kinds import FAILING, IMPACTS, Impact, kind_of
from pytest_schema_parity.schema.matching import Match, match_facts, renamed
from pytest_schema_parity.schema.moves import is_named_after
from pytest_schema_parity.schema.names import short
from pytest_schema_parity.schema.renames import Rename
from pytest_schema_parity.schema.same_effect import Sides, milder, why_milder

_T = TypeVar("_T")

_ABSENT: Final = object()


def compare(
    reference: Schema, candidate: Schema, *, fail_on: Iterable[Impact] = FAILING
) -> Comparison:
    """Every difference of two schemas, seen from the reference, in a stable order.

    Empty when the schemas are equal, and only then; ``compare(b, a)`` mirrors ``compare(a, b)``.
    Where the two have different platforms, an object that a platform created and no tree changed is
    not compared, unless the other tree itself created an object of that name.
    """
    match = match_facts(reference, candidate)
    changed = [*_compare_pairs(match), *_compare_orders(match)]
    found = [
        *_report_moves(match, changed),
        *_report_renames(match, {(one.kind, one.name) for one in changed}),
        *_report_lone("missing", match.missing, reference),
        *_report_lone("extra", match.extra, candidate),
    ]
    folded = fold_consequences(found, reference, candidate)
    return Comparison(tuple(sorted(folded, key=lambda one: one.rank)), frozenset(fail_on))


def _compare_pairs(match: Match) -> Iterator[Difference]:
    """Yield one difference for each attribute in which the two facts of a pair differ.

    A difference that exists only because of a rename is kept in ``match.followers`` instead.
    """
    for old, new in sorted(match.pairs, key=_either_way):
        kind = kind_of(old.kind)
        whole = min(
            kind.impact_of(old.attributes), kind.impact_of(new.attributes), key=IMPACTS.index
        )
        sides = Sides(old, new, match.reference, match.candidate)
        impacts = milder(
            {
                attribute: kind.impact_of_attribute(attribute) or whole
                for attribute in _differing(match, old, new)
            },
            sides,
        )
        changes = {
            attribute: _changed(match, sides, attribute, impact)
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


def _changed(match: Match, sides: Sides, attribute: str, impact: Impact) -> Difference:
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


def _either_way(pair: tuple[Fact, Fact]) -> list[Key]:
    """A sort key for pairs that does not depend on which schema is the reference."""
    return sorted(fact.key for fact in pair)


def _differing(match: Match, old: Fact, new: Fact) -> list[str]:
    """The attributes in which two facts differ, ignoring mere differences of spelling."""
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


def _take_reported_parent(lone: dict[Key, Fact], fact: Fact) -> tuple[Key, ...]:
    """Remove the parent from the missing (extra) facts if its child reports it; return its key."""
    parent = lone.get(fact.parent) if fact.parent else None
    if parent is None or kind_of(parent.kind).reported_by_child != fact.kind:
        return ()
    if any(
        parent.attributes.get(attribute) for attribute in kind_of(parent.kind).not_reported_by_child
    ):
        return ()
    del lone[parent.key]
    return (parent.key,)


def _compare_orders(match: Match) -> Iterator[Difference]:
    """Yield one difference, on the parent, for siblings that both sides have in another order."""
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
            and (new := match.candidate.get(match.twin(old.key)))
            and new.parent == above_new
            and _are_ranked(old, new)
        ]
        ours = sorted(shared, key=lambda pair: pair[0].rank or 0)
        theirs = sorted(shared, key=lambda pair: pair[1].rank or 0)
        if ours != theirs:
            yield Difference(
                kind=above[0],
                name=above[1],
                change="changed",
                attribute=f"{kind} order".replace(" ", "_"),
                expected=[short(old.name, above[1]) for old, _ in ours],
                actual=[short(new.name, above_new[1]) for _, new in theirs],
                impact="order",
                origin=_origins(match.reference.get(above), match.candidate.get(above_new)),
            )


def _are_ranked(old: Fact, new: Fact) -> bool:
    """Whether both have a rank, which is compared with those of their siblings and not alone."""
    return None not in (old.rank, new.rank, old.parent, new.parent)


def _report_moves(match: Match, changed: list[Difference]) -> Iterator[Difference]:
    """Yield the changes; an extension's change of schema with the differences that follow."""
    for one in changed:
        moved = one.attribute == "schema" and one.key not in match.names
        yield one.follow(match.followers.get(one.key, ())) if moved else one


def _report_renames(match: Match, differing: set[Key]) -> Iterator[Difference]:
    """Yield the renames, each with the renames and differences that follow from it."""
    reported = set(differing)
    tops = _tops(match, differing)
    follows: dict[Key, list[Difference]] = {}
    for cause, differences in match.followers.items():
        if cause in tops:
            follows.setdefault(tops[cause], []).extend(differences)
    below: dict[Key, set[Key]] = {}
    for rename in match.renames:
        below.setdefault(tops[rename.old], set()).update(old for old, _ in rename.pairs)
    reported.update(rename.old for rename in match.renames if tops[rename.old] == rename.old)
    for rename in match.renames:
        if tops[rename.old] != rename.old:
            continue
        followers = {one.key for one in follows.get(rename.old, ())}
        keys = (below[rename.old] | followers) - reported
        reported |= keys
        yield renamed(
            match.reference[rename.old],
            match.candidate[rename.new],
            below=tuple(sorted(keys)),
            follows=tuple(sorted(follows.get(rename.old, ()), key=lambda one: one.rank)),
        )


def _tops(match: Match, differing: set[Key]) -> dict[Key, Key]:
    """Map the key of each renamed fact to that of the rename with which it is reported.

    A fact that is named after a renamed parent and does not differ otherwise is reported with it.
    """
    above: dict[Key, Rename] = {}
    tops: dict[Key, Key] = {}
    for rename in match.renames:  # from the top down
        parent = match.reference[rename.old].parent
        leader = above.get(parent) if parent else None
        follows = leader and rename.old not in differing and _is_named_after(rename, leader)
        top = tops[leader.old] if leader and follows else rename.old
        for old, _ in rename.pairs:
            above[old], tops[old] = rename, top
    return tops


def _is_named_after(rename: Rename, above: Rename) -> bool:
    return is_named_after(rename.old[1], rename.new[1], above.old[1], above.new[1])


def _report_lone(
    change: Literal["missing", "extra"], lone: Mapping[Key, Fact], schema: Schema
) -> Iterator[Difference]:
    """Yield the topmost facts that one side alone has, all facts below them folded into them.

    What a migration tool keeps for itself is a note, and what hangs below it and is no part of that
    is reported beside it.
    """
    children: dict[Key | None, list[Fact]] = {}
    for _, fact in sorted(lone.items()):
        parent = fact.parent if fact.parent in lone else None
        children.setdefault(parent, []).append(fact)
    beside: list[Fact] = []

    def report(fact: Fact, noted: bool = False) -> Difference:
        tool = tool_of(schema, fact)
        noted = noted or bool(tool)
        below = children.get(fact.key, [])
        if noted:
            beside.extend(one for one in below if not belongs_to_bookkeeping(schema, one))
            below = [one for one in below if belongs_to_bookkeeping(schema, one)]
        attributes, first = dict(fact.attributes), fact.origin.first
        missing = change == "missing"
        return Difference(
            kind=fact.kind,
            name=fact.name,
            change=change,
            expected=attributes if missing else None,
            actual=None if missing else attributes,
            impact="comment" if noted else kind_of(fact.kind).impact_of(fact.attributes),
            origin=Origins(reference=first) if missing else Origins(tree=first),
            why=KEPT_BY_A_TOOL if tool else "",
            tool=tool,
        ).fold(report(one, noted) for one in below)

    yield from map(report, children.get(None, ()))
    for fact in beside:  # which grows
        yield report(fact)


def _origins(old: Fact | None, new: Fact | None, attribute: str | None = None) -> Origins:
    return Origins(
        old.origin.of(attribute) if old else None, new.origin.of(attribute) if new else None
    )
