"""Compare two schemas: find the facts that are missing, extra, changed or renamed.

First *match* the facts of both schemas, by name or as renames; then compare the attributes of each
pair; last, fold missing (extra) facts into the topmost fact that is missing (extra) with them.
Rules for single kinds are data, in :mod:`~pytest_schema_parity.schema.kinds`: this module names no
kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from pytest_schema_parity.schema.bookkeeping import (
    KEPT_BY_A_TOOL,
    belongs_to_bookkeeping,
    tool_of,
)
from pytest_schema_parity.schema.causes import fold_consequences
from pytest_schema_parity.schema.difference import Comparison, Difference, Origins
from pytest_schema_parity.schema.facts import Fact, Key, Schema
from pytest_schema_parity.schema.kinds import FAILING, Impact, kind_of
from pytest_schema_parity.schema.match_facts import Match, match_facts, renamed
from pytest_schema_parity.schema.moves import is_named_after
from pytest_schema_parity.schema.pairs import compare_orders, compare_pairs
from pytest_schema_parity.schema.renames import Rename


def compare(
    reference: Schema, candidate: Schema, *, fail_on: Iterable[Impact] = FAILING
) -> Comparison:
    """Every difference of two schemas, seen from the reference, in a stable order.

    Empty if the schemas are equal, and only then; ``compare(b, a)`` mirrors ``compare(a, b)``.
    If the two have different platforms, an object that a platform created and no tree changed is
    not compared, unless the other tree itself created an object of that name.
    """
    match = match_facts(reference, candidate)
    changed = [*compare_pairs(match), *compare_orders(match)]
    found = [
        *_report_moves(match, changed),
        *_report_renames(match, {(one.kind, one.name) for one in changed}),
        *_report_unmatched("missing", match.missing, reference),
        *_report_unmatched("extra", match.extra, candidate),
    ]
    folded = fold_consequences(found, reference, candidate)
    return Comparison(tuple(sorted(folded, key=lambda one: one.rank)), frozenset(fail_on))


def _report_moves(match: Match, changed: list[Difference]) -> Iterator[Difference]:
    """Yield the changes; an extension's change of schema with its consequences."""
    for one in changed:
        moved = one.attribute == "schema" and one.key not in match.names
        yield one.follow(match.followers.get(one.key, ())) if moved else one


def _report_renames(match: Match, differing: set[Key]) -> Iterator[Difference]:
    """Yield the renames, each with the renames and differences that are its consequences."""
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


def _report_unmatched(
    change: Literal["missing", "extra"], unmatched: Mapping[Key, Fact], schema: Schema
) -> Iterator[Difference]:
    """Yield the topmost facts that only one side has, all facts below folded into them.

    A migration tool's own table or schema is a note; facts below it that are not part of it are
    reported separately.
    """
    kept: dict[Key, str] = {}
    children: dict[Key | None, list[Fact]] = {}
    for fact in _parents_first(unmatched):
        parent = fact.parent if fact.parent in unmatched else None
        if parent in kept and not belongs_to_bookkeeping(schema, fact):
            parent = None
        tool = tool_of(schema, fact)
        if tool or parent in kept:
            kept[fact.key] = tool
        children.setdefault(parent, []).append(fact)
    for fact in children.get(None, ()):
        yield _with_children(change, fact, children, kept)


def _parents_first(unmatched: Mapping[Key, Fact]) -> list[Fact]:
    """The facts by their depth below the topmost, then by their keys."""

    def depth(fact: Fact) -> int:
        above = unmatched.get(fact.parent) if fact.parent else None
        return 0 if above is None else 1 + depth(above)

    return sorted(unmatched.values(), key=lambda fact: (depth(fact), fact.key))


def _with_children(
    change: Literal["missing", "extra"],
    fact: Fact,
    children: Mapping[Key | None, list[Fact]],
    kept: Mapping[Key, str],
) -> Difference:
    """The difference of a fact with those of its ``children``.

    ``kept`` maps the keys of migration tools' own facts to the tool, or to an empty name for the
    parts of such a fact.
    """
    attributes, first = dict(fact.attributes), fact.origin.first
    missing = change == "missing"
    noted, tool = fact.key in kept, kept.get(fact.key, "")
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
    ).fold(_with_children(change, one, children, kept) for one in children.get(fact.key, ()))
