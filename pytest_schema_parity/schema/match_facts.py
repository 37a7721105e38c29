"""Match the facts of two schemas: by name, as renames, or as consequences of a rename."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

from pytest_schema_parity.schema.bookkeeping import is_bookkeeping
from pytest_schema_parity.schema.consequences import Mentions
from pytest_schema_parity.schema.difference import Difference, Origins
from pytest_schema_parity.schema.facts import Fact, Key, Schema
from pytest_schema_parity.schema.kinds import kind_of
from pytest_schema_parity.schema.moves import Move
from pytest_schema_parity.schema.renames import Rename, find_renames
from pytest_schema_parity.schema.schema_renames import find_schema_renames

NAMED_BY_DATE: Final = "both names contain the date at which the partition begins"
_BEGINS: Final = re.compile(r"FOR VALUES FROM \('(?P<date>\d{4}-\d\d-\d\d)")
_PRECISIONS: Final = (4, 6, 8)
"""Digits of a year, a month and a day."""


@dataclass(slots=True)
class Match:
    """Which facts of two schemas correspond.

    ``pairs`` are corresponding facts that differ; ``names`` maps the reference's key of each
    renamed fact to the candidate's; ``followers`` maps the key of a renamed or moved fact to the
    differences that exist only because of it.
    """

    reference: Schema
    candidate: Schema
    missing: dict[Key, Fact]
    extra: dict[Key, Fact]
    pairs: list[tuple[Fact, Fact]]
    renames: list[Rename] = field(default_factory=list)
    names: dict[Key, Key] = field(default_factory=dict)
    followers: dict[Key, list[Difference]] = field(default_factory=dict)
    mentions: Mentions = field(default_factory=lambda: Mentions({}))

    def counterpart(self, key: Key) -> Key:
        """The candidate's key of the fact that has this key in the reference."""
        return self.names.get(key, key)

    def are_siblings(self, old: Fact, new: Fact) -> bool:
        """Whether the parents of two facts correspond, or the fact itself moved or was renamed."""
        moved = (
            old.parent and kind_of(old.parent[0]).container and self.counterpart(old.key) != old.key
        )
        return bool(moved) or (old.parent and self.counterpart(old.parent)) == new.parent


def match_facts(reference: Schema, candidate: Schema) -> Match:
    """Find the counterpart of each fact of one schema in the other."""
    foreign = reference.platform != candidate.platform
    ours, theirs = reference.facts, candidate.facts
    match = Match(
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
        _record_renames(
            match, find_schema_renames(reference, candidate, match.missing, match.extra)
        )
        missing = _without_bookkeeping(reference, match.missing)
        extra = _without_bookkeeping(candidate, match.extra)
        _record_renames(match, find_renames(reference, candidate, missing, extra))
    match.mentions = Mentions(match.names, _moves(match), (reference, candidate))
    for cause, old_key, new_key in match.mentions.followers(match.missing, match.extra):
        old, new = match.missing.pop(old_key), match.extra.pop(new_key)
        match.names[old_key] = new_key
        match.pairs.append((old, new))
        match.followers.setdefault(cause, []).append(renamed(old, new))
    return match


def renamed(old: Fact, new: Fact, **more: Any) -> Difference:
    """The difference that reports a rename; a note where both names give a partition's date."""
    dated = is_named_by_date(old) and is_named_by_date(new)
    return Difference(
        kind=old.kind,
        name=old.name,
        change="renamed",
        expected=old.name,
        actual=new.name,
        impact="comment" if dated else "naming",
        why=NAMED_BY_DATE if dated else "",
        origin=Origins(old.origin.of(None), new.origin.of(None)),
        **more,
    )


def is_named_by_date(fact: Fact) -> bool:
    """Whether a partition's name ends in the date at which its bound begins, or a part of it.

    Loops and jobs make such names in different ways: ``log_2026_11``, ``log_p202611``.
    """
    bound, parent = fact.attributes.get("partition_bound"), fact.attributes.get("partition_of")
    begins = _BEGINS.match(bound) if isinstance(bound, str) else None
    if begins is None or not isinstance(parent, str):
        return False
    own, above = (name.rpartition(".")[2].strip('"') for name in (fact.name, parent))
    date = "".join(re.findall(r"\d", own.removeprefix(above)))
    return len(date) in _PRECISIONS and begins["date"].replace("-", "").startswith(date)


def _record_renames(match: Match, renames: list[Rename]) -> None:
    """Add renames to the match, and pair their facts."""
    match.renames += renames
    for rename in renames:
        for old_key, new_key in rename.pairs:
            match.names[old_key] = new_key
            match.pairs.append((match.missing.pop(old_key), match.extra.pop(new_key)))


def _moves(match: Match) -> list[Move]:
    """The renamed schemas, and the extensions whose objects are in another schema."""
    moves = [
        Move(old, old[1], new[1]) for old, new in match.names.items() if kind_of(old[0]).container
    ]
    own: frozenset[str] | None = None
    for old, new in match.pairs:
        before, after = (fact.attributes.get("schema") for fact in (old, new))
        if isinstance(before, str) and isinstance(after, str) and before != after:
            if own is None:
                schemas = (match.reference, match.candidate)
                own = frozenset(key[1].partition("(")[0] for each in schemas for key in each.facts)
            if match.counterpart(("schema", before)) != ("schema", after):
                moves.append(Move(old.key, before, after, own))
    return moves


def _without_bookkeeping(schema: Schema, unmatched: dict[Key, Fact]) -> dict[Key, Fact]:
    """The unmatched facts without the tables of migration tools, which may look like renames."""
    own = {
        below.key
        for fact in unmatched.values()
        if is_bookkeeping(schema, fact)
        for below in schema.branch(fact.key)
    }
    return {key: fact for key, fact in unmatched.items() if key not in own} if own else unmatched
