"""What sets two schemas apart: facts that are missing, extra, changed or renamed.

The way from two sets of facts to a short list: *match* the facts that are one thing on both sides,
by name or as renames; compare each pair; fold what is missing or extra into the topmost fact that
is missing or extra with it.  Whatever a kind wants beyond that is data, in
:mod:`~pytest_schema_parity.schema.kinds`: no kind is known by name here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeVar

from pytest_schema_parity.schema.bookkeeping import is_bookkeeping
from pytest_schema_parity.schema.consequences import Mentions, is_named_after
from pytest_schema_parity.schema.difference import Comparison, Difference, Origins
from pytest_schema_parity.schema.facts import Fact, Key, Schema
from pytest_schema_parity.schema.items import differing_items
from pytest_schema_parity.schema.kinds import FAILING, IMPACTS, Impact, kind_of
from pytest_schema_parity.schema.names import short
from pytest_schema_parity.schema.renames import Rename, find_renames
from pytest_schema_parity.schema.same_effect import Sides, milder
from pytest_schema_parity.schema.view_columns import fold_columns_of_views

_T = TypeVar("_T")

_ABSENT: Final = object()


def compare(
    reference: Schema, candidate: Schema, *, fail_on: Iterable[Impact] = FAILING
) -> Comparison:
    """Every difference of two schemas, seen from the reference, in a stable order.

    Empty when the schemas are equal, and only then; ``compare(b, a)`` mirrors ``compare(a, b)``.
    Where the two have different platforms, what a platform brought and no tree changed is not
    compared, unless it meets what the other tree itself made of that name.
    """
    match = _match(reference, candidate)
    pairs = fold_columns_of_views(_compare_pairs(match), reference, candidate)
    changed = [*pairs, *_compare_orders(match)]
    found = [
        *changed,
        *_report_renames(match, {(one.kind, one.name) for one in changed}),
        *_report_lone("missing", match.missing, reference),
        *_report_lone("extra", match.extra, candidate),
    ]
    return Comparison(tuple(sorted(found, key=lambda one: one.rank)), frozenset(fail_on))


@dataclass(slots=True)
class _Match:
    """Which fact answers to which.

    ``pairs`` are one thing on both sides that says something different; ``names`` holds the
    candidate's key of what the reference names otherwise; ``followers`` the facts that differ only
    in that they mention something renamed, by its key.
    """

    reference: Schema
    candidate: Schema
    missing: dict[Key, Fact]
    extra: dict[Key, Fact]
    pairs: list[tuple[Fact, Fact]]
    renames: list[Rename] = field(default_factory=list)
    names: dict[Key, Key] = field(default_factory=dict)
    followers: dict[Key, list[Key]] = field(default_factory=dict)
    mentions: Mentions = field(default_factory=lambda: Mentions({}))

    def twin(self, key: Key) -> Key:
        """The candidate's key of a thing, by the reference's."""
        return self.names.get(key, key)

    def are_siblings(self, old: Fact, new: Fact) -> bool:
        """Whether the parents of two facts are one thing, too."""
        return (old.parent and self.twin(old.parent)) == new.parent


def _match(reference: Schema, candidate: Schema) -> _Match:
    foreign = reference.platform != candidate.platform
    ours, theirs = reference.facts, candidate.facts
    match = _Match(
        reference,
        candidate,
        missing={k: f for k, f in ours.items() if k not in theirs and not (foreign and f.provided)},
        extra={k: f for k, f in theirs.items() if k not in ours and not (foreign and f.provided)},
        pairs=[
            (old, new)
            for key, old in ours.items()
            if (new := theirs.get(key))
            and old != new
            and not (foreign and old.provided and new.provided)
        ],
    )
    if match.missing and match.extra:
        missing = _without_bookkeeping(reference, match.missing)
        extra = _without_bookkeeping(candidate, match.extra)
        match.renames.extend(find_renames(reference, candidate, missing, extra))
    for rename in match.renames:
        for old_key, new_key in rename.pairs:
            match.names[old_key] = new_key
            match.pairs.append((match.missing.pop(old_key), match.extra.pop(new_key)))
    match.mentions = Mentions(match.names)
    for cause, old_key, new_key in match.mentions.followers(match.missing, match.extra):
        match.names[old_key] = new_key
        match.pairs.append((match.missing.pop(old_key), match.extra.pop(new_key)))
        match.followers.setdefault(cause, []).append(old_key)
    return match


def _without_bookkeeping(schema: Schema, lone: dict[Key, Fact]) -> dict[Key, Fact]:
    """What could be renamed: not the tables of two migration tools, which may look alike."""
    own = {
        below.key
        for fact in lone.values()
        if is_bookkeeping(schema, fact)
        for below in schema.branch(fact.key)
    }
    return {key: fact for key, fact in lone.items() if key not in own} if own else lone


def _compare_pairs(match: _Match) -> Iterator[Difference]:
    """What the two of each pair say differently, each attribute for itself."""
    for old, new in sorted(match.pairs, key=_either_way):
        kind = kind_of(old.kind)
        whole = min(kind.weigh(old.attributes), kind.weigh(new.attributes), key=IMPACTS.index)
        ours, theirs = _attributes(match, old, new, old.attributes, new.attributes)
        impacts = milder(
            {
                attribute: kind.weigh_attribute(attribute) or whole
                for attribute in _differing(match, old, new)
                if not _follows(match, old, new, attribute)
            },
            Sides(old, new, match.reference, match.candidate),
        )
        told: tuple[Key, ...] = ()
        if "form" in impacts.values() and _tell_parents_apart(old, new):
            impacts.pop("parent", None)
            told = tuple(sorted((*_tell(match.missing, old), *_tell(match.extra, new))))
        for attribute, impact in impacts.items():
            expected, actual = ours.get(attribute), theirs.get(attribute)
            if attribute in kind.lists and isinstance(expected, list) and isinstance(actual, list):
                expected, actual = differing_items(expected, actual)
            yield Difference(
                kind=old.kind,
                name=old.name,
                change="changed",
                attribute=attribute,
                expected=expected,
                actual=actual,
                impact=impact,
                origin=_origins(old, new, attribute),
                below=told if impact == "form" else (),
            )


def _follows(match: _Match, old: Fact, new: Fact, attribute: str) -> bool:
    """Whether two facts differ there only because something else is renamed; note which."""
    causes = match.mentions and match.mentions.causes(old, new, attribute)
    if causes:
        match.followers.setdefault(min(causes), []).append(old.key)
    return bool(causes)


def _either_way(pair: tuple[Fact, Fact]) -> list[Key]:
    """What orders pairs alike, whichever schema is the reference."""
    return sorted(fact.key for fact in pair)


def _differing(match: _Match, old: Fact, new: Fact) -> list[str]:
    """The attributes in which two facts differ, whatever the spelling."""
    ours, theirs = _attributes(match, old, new, old.canonical, new.canonical)
    return [
        attribute
        for attribute in ours.keys() | theirs.keys()
        if ours.get(attribute, _ABSENT) != theirs.get(attribute, _ABSENT)
    ]


def _attributes(
    match: _Match, old: Fact, new: Fact, ours: Mapping[str, _T], theirs: Mapping[str, _T]
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


def _tell_parents_apart(old: Fact, new: Fact) -> bool:
    """Whether the form of two facts says already that they hang below different things."""
    parents = {old.parent, new.parent} - {None}
    return any(kind_of(parent[0]).told_by == old.kind for parent in parents if parent)


def _tell(lone: dict[Key, Fact], fact: Fact) -> tuple[Key, ...]:
    """Take the parent out of what is missing (extra) if the form of its child says it all."""
    parent = lone.get(fact.parent) if fact.parent else None
    if parent is None or kind_of(parent.kind).told_by != fact.kind:
        return ()
    if any(parent.attributes.get(attribute) for attribute in kind_of(parent.kind).untold):
        return ()
    del lone[parent.key]
    return (parent.key,)


def _compare_orders(match: _Match) -> Iterator[Difference]:
    """The order of siblings, once for all of them; the ranks that differ say where to look."""
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
    """Whether both have a rank among siblings, to be compared with those and not alone."""
    return None not in (old.rank, new.rank, old.parent, new.parent)


def _report_renames(match: _Match, differing: set[Key]) -> Iterator[Difference]:
    """The renames, each with what followed it and is otherwise the same."""
    told = set(differing)
    tops = _tops(match, differing)
    followers: dict[Key, set[Key]] = {}
    for cause, keys in match.followers.items():
        followers.setdefault(tops[cause], set()).update(keys)
    for rename in match.renames:
        followers.setdefault(tops[rename.old], set()).update(old for old, _ in rename.pairs)
    told.update(rename.old for rename in match.renames if tops[rename.old] == rename.old)
    for rename in match.renames:
        if tops[rename.old] != rename.old:
            continue
        below = followers[rename.old] - told
        told |= below
        yield Difference(
            kind=rename.old[0],
            name=rename.old[1],
            change="renamed",
            expected=rename.old[1],
            actual=rename.new[1],
            impact="naming",
            origin=_origins(match.reference[rename.old], match.candidate[rename.new]),
            below=tuple(sorted(below)),
        )


def _tops(match: _Match, differing: set[Key]) -> dict[Key, Key]:
    """Of all that is renamed, the rename with which it is reported.

    What is named after something renamed, and says nothing else, is reported with that.
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
    """What one side alone has, each with all that hangs below it folded away.

    What a migration tool keeps for itself is a note, whole.
    """
    children: dict[Key | None, list[Fact]] = {}
    for _, fact in sorted(lone.items()):
        parent = fact.parent if fact.parent in lone else None
        children.setdefault(parent, []).append(fact)

    def report(fact: Fact, noted: bool = False) -> Difference:
        noted = noted or is_bookkeeping(schema, fact)
        attributes, first = dict(fact.attributes), fact.origin.first
        missing = change == "missing"
        return Difference(
            kind=fact.kind,
            name=fact.name,
            change=change,
            expected=attributes if missing else None,
            actual=None if missing else attributes,
            impact="comment" if noted else kind_of(fact.kind).weigh(fact.attributes),
            origin=Origins(reference=first) if missing else Origins(tree=first),
        ).fold(report(below, noted) for below in children.get(fact.key, ()))

    return map(report, children.get(None, ()))


def _origins(old: Fact | None, new: Fact | None, attribute: str | None = None) -> Origins:
    return Origins(
        old.origin.of(attribute) if old else None, new.origin.of(attribute) if new else None
    )
