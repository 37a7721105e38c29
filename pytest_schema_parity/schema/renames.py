"""Find renames: a missing and an extra fact that are the same in everything but the name.

A rename is reported only where it is certain: the two have the same parent and the same definition,
and no third fact has it, or of columns that stand side by side the order decides.  Two
facts that differ in anything else stay two differences.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import TypeAlias

from pytest_schema_parity.schema.facts import Fact, Key, Schema
from pytest_schema_parity.schema.kinds import kind_of
from pytest_schema_parity.schema.names import name_tokens, relative, signature
from pytest_schema_parity.schema.sibling_order import (
    NONE_SHARED,
    Neighbours,
    neighbours_of,
    pairs_in_order,
)

_Definition: TypeAlias = "tuple[str, tuple[tuple[str, tuple[str, ...], _Definition], ...]]"
_Look: TypeAlias = tuple[str, str, _Definition, Neighbours]


@dataclass(frozen=True, slots=True)
class Rename:
    """A renamed fact: its key in the reference and in the candidate.

    ``below`` holds both keys of the facts below it that changed their name only with it.
    """

    old: Key
    new: Key
    below: tuple[tuple[Key, Key], ...] = ()

    @property
    def pairs(self) -> Iterator[tuple[Key, Key]]:
        """Both keys of the fact itself, then of the facts below it."""
        return chain([(self.old, self.new)], self.below)


def find_renames(
    reference: Schema, candidate: Schema, missing: Mapping[Key, Fact], extra: Mapping[Key, Fact]
) -> list[Rename]:
    """Find the ``missing`` facts that are among the ``extra`` under another name.

    The search goes from the top down: the facts below a renamed one are first looked up by the name
    that follows from the rename, then by their definitions.
    """
    old, new = _Side(reference, missing), _Side(candidate, extra)
    levels = [(above, above) for above in old.level if not (above in missing or above in extra)]
    renames = []
    for above_old, above_new in levels:  # grows while it is walked
        # First facts that a child reports (constraints): that child (the index) then follows.
        for leads in (True, False):
            for pair in _recognise(old, new, above_old, above_new, leads=leads):
                rename = Rename(*pair, tuple(_follow(old, new, *pair)))
                renames.append(rename)
                levels.extend(rename.pairs)
    for pair in _moved(old, new):
        renames.append(Rename(*pair, tuple(_follow(old, new, *pair))))
    return renames


def find_schema_renames(
    reference: Schema, candidate: Schema, missing: Mapping[Key, Fact], extra: Mapping[Key, Fact]
) -> list[Rename]:
    """Find renamed schemas: the names of all objects in them are the same, and there are some."""
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
    """Whether the facts below this one are independent of it (as in a schema) and not its parts."""
    return kind_of(fact.kind).container


def _contents(schema: Schema, top: Fact) -> dict[tuple[str, tuple[str, ...]], Key]:
    """The facts below a schema by kind and unqualified name; empty if they are privileges only."""
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
    """One schema, and those of its facts that have no counterpart yet (``lone``)."""

    def __init__(self, schema: Schema, lone: Mapping[Key, Fact]) -> None:
        self.schema = schema
        self.lone = dict(lone)
        self.level: dict[Key | None, list[Fact]] = defaultdict(list)
        for fact in lone.values():
            self.level[self._above(fact)].append(fact)

    def _above(self, fact: Fact) -> Key | None:
        """The parent, or of an index that reports its constraint, the parent of that."""
        above = fact.parent
        while above and above in self.lone and kind_of(above[0]).reported_by_child == fact.kind:
            above = self.lone[above].parent
        return above

    def waiting(self, above: Key | None, *, leads: bool) -> list[Fact]:
        """The facts below a parent that may be renamed and have no counterpart yet."""
        return [
            fact
            for fact in self.level.get(above, ())
            if fact.key in self.lone
            and kind_of(fact.kind).rename != "never"
            and (kind_of(fact.kind).reported_by_child is not None) == leads
        ]

    def below(self, key: Key) -> Iterator[tuple[tuple[str, tuple[str, ...]], Fact]]:
        """The children of a fact that have no counterpart yet, with kind and relative name."""
        for fact in self.schema.children.get(key, ()):
            if fact.key in self.lone:
                yield (fact.kind, _lasting(fact.name, key[1])), fact


def _moved(old: _Side, new: _Side) -> list[tuple[Key, Key]]:
    """Find the facts that were moved to another schema and kept their name.

    A table must have columns of the same names there; other objects the same definition.
    """
    alike: dict[object, tuple[list[Key], list[Key]]] = defaultdict(lambda: ([], []))
    for number, side in enumerate((old, new)):
        for fact in side.lone.values():
            above = fact.parent
            is_top = above is not None and above not in side.lone and kind_of(above[0]).container
            if above and is_top and kind_of(fact.kind).rename != "never":
                name = relative(fact.name, above[1])
                alike[fact.kind, name, _content(side.schema, fact)][number].append(fact.key)
    return [(mine[0], yours[0]) for mine, yours in alike.values() if len(mine) == len(yours) == 1]


def _content(schema: Schema, fact: Fact) -> object:
    columns = [
        _lasting(child.name, fact.name)
        for child in schema.children.get(fact.key, ())
        if kind_of(child.kind).order
    ]
    return tuple(sorted(columns)) or _definition(schema, fact, fact, moved=True)


def _recognise(
    old: _Side, new: _Side, above_old: Key | None, above_new: Key | None, *, leads: bool
) -> list[tuple[Key, Key]]:
    """The pairs of facts below two parents whose look no third fact there shares."""
    alike: dict[_Look, tuple[list[Key], list[Key]]] = defaultdict(lambda: ([], []))
    ours, theirs = old.waiting(above_old, leads=leads), new.waiting(above_new, leads=leads)
    kinds = {fact.kind for fact in ours} & {fact.kind for fact in theirs}
    for number, side, facts in ((0, old, ours), (1, new, theirs)):
        for look, key in _looks(side, [fact for fact in facts if fact.kind in kinds]):
            alike[look][number].append(key)
    pairs = []
    for look, (mine, yours) in alike.items():
        if len(mine) == len(yours) == 1:
            pairs.append((mine[0], yours[0]))
        elif look[-1] != NONE_SHARED:
            pairs += pairs_in_order(old.schema, new.schema, mine, yours)
    return pairs


def _follow(old: _Side, new: _Side, key_old: Key, key_new: Key) -> Iterator[tuple[Key, Key]]:
    """Record two facts as one, and yield the pairs below them that have the same relative name."""
    del old.lone[key_old], new.lone[key_new]
    names = dict(new.below(key_new))
    for name, fact in list(old.below(key_old)):
        if name in names:
            twin = names[name].key
            yield fact.key, twin
            yield from _follow(old, new, fact.key, twin)


def _looks(side: _Side, facts: list[Fact]) -> Iterator[tuple[_Look, Key]]:
    """The look (kind, arguments, definition, neighbours) of each fact that can be recognised."""
    placed = [fact for fact in facts if kind_of(fact.kind).rename == "place"]
    neighbours = neighbours_of(side.schema, side.lone, placed)
    for fact in facts:
        kind = kind_of(fact.kind)
        beside = neighbours.get(fact.key, NONE_SHARED)
        if _is_identifying(side.schema, fact) and (kind.rename != "place" or beside != NONE_SHARED):
            definition = _definition(side.schema, fact, fact)
            yield (fact.kind, signature(fact.name), definition, beside), fact.key


def _is_identifying(schema: Schema, fact: Fact) -> bool:
    """Whether a fact has enough attributes or children to be recognised by its definition."""
    identifying = kind_of(fact.kind).identifying
    below = {child.kind for child in schema.children.get(fact.key, ())}
    return not identifying or not identifying.isdisjoint(below.union(fact.attributes))


def _definition(schema: Schema, fact: Fact, top: Fact, *, moved: bool = False) -> _Definition:
    """Everything about a fact but its name: its attributes, and the definitions of its children.

    Left out are comment, form and rank; the names of children of a kind that is recognised by its
    definition (the index of a renamed table); the name of ``top`` and of its sequences where an
    attribute mentions them; and the name of its parent, unless ``top`` is ``moved`` from it.
    """
    kind = kind_of(fact.kind)
    sequences = (child.name for child in schema.children.get(fact.key, ()))
    above = {top.parent[1]: "(above)"} if top.parent and not moved else {}
    own = {top.name: "(itself)", **above, **{f"'{name}'": "(below)" for name in sequences}}
    attributes = {
        attribute: _without_own_names(value, own)
        for attribute, value in fact.canonical.items()
        if attribute != kind.order
        and kind.impact_of_attribute(attribute) not in ("comment", "form")
    }
    below = [
        (child.kind, _lasting_name(child, fact), _definition(schema, child, top, moved=moved))
        for child in schema.children.get(fact.key, ())
    ]
    return json.dumps(attributes, sort_keys=True), tuple(sorted(below))


def _without_own_names(value: object, own: Mapping[str, str]) -> object:
    """An attribute's value with the fact's own names replaced by the placeholders in ``own``."""
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
    return _lasting(child.name, parent.name)


def _lasting(name: str, parent: str) -> tuple[str, ...]:
    """The tokens of a relative name; a schema that is also the parent's becomes a placeholder."""
    tokens = relative(name, parent)
    beside = len(tokens) == 3 and tokens[:2] == name_tokens(parent)[:2]
    return ("(schema)", *tokens[1:]) if beside else tokens
