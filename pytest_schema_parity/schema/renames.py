"""Renames: one thing under two names, recognised by all that it is but its name.

A rename is told only where it is beyond doubt: the two have the same parent and the same
definition, and no third has it.  Two things that differ at all stay two differences.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import TypeAlias

from pytest_schema_parity.schema.facts import Fact, Key, Schema
from pytest_schema_parity.schema.kinds import kind_of
from pytest_schema_parity.schema.names import name_tokens, relative, signature

_Definition: TypeAlias = "tuple[str, tuple[tuple[str, tuple[str, ...], _Definition], ...]]"
_Place: TypeAlias = tuple[Key | None, Key | None]
_Look: TypeAlias = tuple[str, str, _Definition, _Place]

_NOWHERE: _Place = (None, None)


@dataclass(frozen=True, slots=True)
class Rename:
    """A thing's key in the reference and in the candidate.

    ``below`` holds the same for the facts below it whose names merely follow.
    """

    old: Key
    new: Key
    below: tuple[tuple[Key, Key], ...] = ()

    @property
    def pairs(self) -> Iterator[tuple[Key, Key]]:
        """The thing itself, then all that follow it."""
        return chain([(self.old, self.new)], self.below)


def find_renames(
    reference: Schema, candidate: Schema, missing: Mapping[Key, Fact], extra: Mapping[Key, Fact]
) -> list[Rename]:
    """What of the ``missing`` is among the ``extra`` under another name.

    The search goes from the top down: what hangs below a renamed thing is first looked for under
    the name that follows, then under any other.
    """
    old, new = _Side(reference, missing), _Side(candidate, extra)
    levels = [(above, above) for above in old.level if not (above in missing or above in extra)]
    renames = []
    for above_old, above_new in levels:  # grows while it is walked
        # First what is told by a fact below it: that fact (a constraint's index) then follows.
        for leads in (True, False):
            for pair in _recognise(old, new, above_old, above_new, leads=leads):
                rename = Rename(*pair, tuple(_follow(old, new, *pair)))
                renames.append(rename)
                levels.extend(rename.pairs)
    return renames


def find_schema_renames(
    reference: Schema, candidate: Schema, missing: Mapping[Key, Fact], extra: Mapping[Key, Fact]
) -> list[Rename]:
    """The schemas that exist under another name: with things in them, all of the same names."""
    ours, theirs = (
        {fact.key: _contents(schema, fact) for fact in lone.values() if is_container(fact)}
        for schema, lone in ((reference, missing), (candidate, extra))
    )
    found = []
    for old, mine in ours.items():
        twins = [new for new, yours in theirs.items() if yours.keys() == mine.keys()]
        rivals = [other for other, their in ours.items() if their.keys() == mine.keys()]
        if mine and len(twins) == len(rivals) == 1:
            yours = theirs[twins[0]]
            below = tuple((mine[look], yours[look]) for look in mine)
            if all(key in missing and twin in extra for key, twin in below):
                found.append(Rename(old, twins[0], below))
    return found


def is_container(fact: Fact) -> bool:
    """Whether what hangs below a fact are things of their own."""
    return kind_of(fact.kind).container


def _contents(schema: Schema, top: Fact) -> dict[tuple[str, tuple[str, ...]], Key]:
    """What is in a schema, by kind and by the name without the schema's; nothing if only rights."""
    own = (top.name, ".")
    found = {}
    for fact in schema.branch(top.key):
        tokens = name_tokens(fact.name)
        look = tuple(
            "(schema)"
            if tokens[at : at + 2] == own or (fact.parent == top.key and token == own[0])
            else token
            for at, token in enumerate(tokens)
        )
        if fact is not top:
            found[fact.kind, look] = fact.key
    return found if any(kind_of(kind).rename != "never" for kind, _ in found) else {}


class _Side:
    """One schema and those of its facts that want a counterpart."""

    def __init__(self, schema: Schema, lone: Mapping[Key, Fact]) -> None:
        self.schema = schema
        self.lone = dict(lone)
        self.level: dict[Key | None, list[Fact]] = defaultdict(list)
        for fact in lone.values():
            self.level[self._above(fact)].append(fact)

    def _above(self, fact: Fact) -> Key | None:
        """The parent, past one that the fact itself tells of: a table even for a key's index."""
        above = fact.parent
        while above and above in self.lone and kind_of(above[0]).told_by == fact.kind:
            above = self.lone[above].parent
        return above

    def waiting(self, above: Key | None, *, leads: bool) -> list[Fact]:
        """What could be renamed below a fact and has no counterpart yet."""
        return [
            fact
            for fact in self.level.get(above, ())
            if fact.key in self.lone
            and kind_of(fact.kind).rename != "never"
            and (kind_of(fact.kind).told_by is not None) == leads
        ]

    def below(self, key: Key) -> Iterator[tuple[tuple[str, tuple[str, ...]], Fact]]:
        """What wants a counterpart right below a fact, by kind and relative name."""
        for fact in self.schema.children.get(key, ()):
            if fact.key in self.lone:
                yield (fact.kind, relative(fact.name, key[1])), fact


def _recognise(
    old: _Side, new: _Side, above_old: Key | None, above_new: Key | None, *, leads: bool
) -> list[tuple[Key, Key]]:
    """The pairs below two parents that can only be each other's."""
    alike: dict[_Look, tuple[list[Key], list[Key]]] = defaultdict(lambda: ([], []))
    ours, theirs = old.waiting(above_old, leads=leads), new.waiting(above_new, leads=leads)
    kinds = {fact.kind for fact in ours} & {fact.kind for fact in theirs}
    for number, side, facts in ((0, old, ours), (1, new, theirs)):
        for look, key in _looks(side, [fact for fact in facts if fact.kind in kinds]):
            alike[look][number].append(key)
    return [(mine[0], yours[0]) for mine, yours in alike.values() if len(mine) == len(yours) == 1]


def _follow(old: _Side, new: _Side, key_old: Key, key_new: Key) -> Iterator[tuple[Key, Key]]:
    """Settle that two are one, and yield what hangs below them under names that follow."""
    del old.lone[key_old], new.lone[key_new]
    names = dict(new.below(key_new))
    for name, fact in list(old.below(key_old)):
        if name in names:
            twin = names[name].key
            yield fact.key, twin
            yield from _follow(old, new, fact.key, twin)


def _looks(side: _Side, facts: list[Fact]) -> Iterator[tuple[_Look, Key]]:
    """What makes each fact recognisable, but for those that nothing could."""
    places = _places(side, [fact for fact in facts if kind_of(fact.kind).rename == "place"])
    for fact in facts:
        kind = kind_of(fact.kind)
        place = places.get(fact.key, _NOWHERE)
        if _is_telling(side.schema, fact) and (kind.rename != "place" or place != _NOWHERE):
            yield (
                (fact.kind, signature(fact.name), _definition(side.schema, fact, fact), place),
                fact.key,
            )


def _places(side: _Side, facts: list[Fact]) -> dict[Key, _Place]:
    """Between which two siblings that both schemas have each fact lies."""
    places: dict[Key, _Place] = {}
    for kind, parent in {(fact.kind, fact.parent) for fact in facts if fact.parent}:
        siblings = [
            (rank, fact.key)
            for fact in side.schema.children[parent]
            if fact.kind == kind and (rank := fact.rank) is not None
        ]
        keys = [key for _, key in sorted(siblings)]
        following = dict(_last_shared(side, reversed(keys)))
        places |= {key: (before, following[key]) for key, before in _last_shared(side, keys)}
    return places


def _last_shared(side: _Side, keys: Iterable[Key]) -> Iterator[tuple[Key, Key | None]]:
    """Each key with the last one before it that both schemas have."""
    last = None
    for key in keys:
        yield key, last
        if key not in side.lone:
            last = key


def _is_telling(schema: Schema, fact: Fact) -> bool:
    """Whether a definition says enough to tell a thing from any other."""
    telling = kind_of(fact.kind).telling
    below = {child.kind for child in schema.children.get(fact.key, ())}
    return not telling or not telling.isdisjoint(below.union(fact.attributes))


def _definition(schema: Schema, fact: Fact, top: Fact) -> _Definition:
    """All that a thing is but its name: its attributes, and the definitions of what is below it.

    Comment, form and rank can differ in one and the same thing.  So can the name of what is below
    it, where that is itself of a kind known by its definition: the index of a renamed table; and
    where the topmost thing mentions itself or the sequence of its column, the name does not count.
    """
    kind = kind_of(fact.kind)
    sequences = (child.name for child in schema.children.get(fact.key, ()))
    above = {top.parent[1]: "(above)"} if top.parent else {}
    own = {top.name: "(itself)", **above, **{f"'{name}'": "(below)" for name in sequences}}
    attributes = {
        attribute: _without_own_names(value, own)
        for attribute, value in fact.canonical.items()
        if attribute != kind.order and kind.weigh_attribute(attribute) not in ("comment", "form")
    }
    below = [
        (child.kind, _lasting_name(child, fact), _definition(schema, child, top))
        for child in schema.children.get(fact.key, ())
    ]
    return json.dumps(attributes, sort_keys=True), tuple(sorted(below))


def _without_own_names(value: object, own: Mapping[str, str]) -> object:
    """An attribute that names the thing itself, or what is below it, with a word instead."""
    if isinstance(value, list):
        return [_without_own_names(item, own) for item in value]
    if not isinstance(value, str):
        return value
    if value in own:
        return [own[value]]
    parts = value.split(" ")  # an expression's tokens, in its one spelling
    return [own.get(part, part) for part in parts] if not own.keys().isdisjoint(parts) else value


def _lasting_name(child: Fact, parent: Fact) -> tuple[str, ...]:
    if kind_of(child.kind).rename == "definition":
        return ()
    return relative(child.name, parent.name)
