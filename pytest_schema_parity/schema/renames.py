"""Find renames: a missing and an extra fact that are the same in everything but the name.

A rename is reported only if it is certain: the two have the same parent and the same definition,
and no third fact has it, or the order decides between adjacent columns.  Two facts that differ in
anything else remain two differences.
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
    NO_NEIGHBOURS,
    Neighbours,
    neighbours_of,
    pairs_in_order,
)

_Pair: TypeAlias = tuple[Key, Key]
_Definition: TypeAlias = "tuple[str, tuple[tuple[str, tuple[str, ...], _Definition], ...]]"
_Fingerprint: TypeAlias = tuple[str, str, _Definition, Neighbours]


@dataclass(frozen=True, slots=True)
class Rename:
    """A renamed fact: its key in the reference and in the candidate.

    ``below`` holds both keys of the facts below it that changed their name only with it.
    """

    old: Key
    new: Key
    below: tuple[_Pair, ...] = ()

    @property
    def pairs(self) -> Iterator[_Pair]:
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
        for by_child in (True, False):
            for pair in _recognised_pairs(old, new, above_old, above_new, by_child=by_child):
                rename = Rename(*pair, tuple(_pair_with_children(old, new, *pair)))
                renames.append(rename)
                levels.extend(rename.pairs)
    for pair in _moved_pairs(old, new):
        renames.append(Rename(*pair, tuple(_pair_with_children(old, new, *pair))))
    return renames


class _Side:
    """One schema, and those of its facts that have no counterpart yet (``unmatched``)."""

    def __init__(self, schema: Schema, unmatched: Mapping[Key, Fact]) -> None:
        self.schema = schema
        self.unmatched = dict(unmatched)
        self.level: dict[Key | None, list[Fact]] = defaultdict(list)
        for fact in unmatched.values():
            self.level[self._above(fact)].append(fact)

    def _above(self, fact: Fact) -> Key | None:
        """The parent; for an index that reports its constraint, the parent of the constraint."""
        above = fact.parent
        unmatched = self.unmatched
        while above and above in unmatched and kind_of(above[0]).reported_by_child == fact.kind:
            above = unmatched[above].parent
        return above

    def unmatched_below(self, above: Key | None, *, by_child: bool) -> list[Fact]:
        """The facts below a parent that may be renamed and have no counterpart yet.

        ``by_child``: those that a child reports (constraints), else the others.
        """
        return [
            fact
            for fact in self.level.get(above, ())
            if fact.key in self.unmatched
            and kind_of(fact.kind).rename != "never"
            and (kind_of(fact.kind).reported_by_child is not None) == by_child
        ]

    def below(self, key: Key) -> Iterator[tuple[tuple[str, tuple[str, ...]], Fact]]:
        """The children of a fact that have no counterpart yet, with kind and relative name."""
        for fact in self.schema.children.get(key, ()):
            if fact.key in self.unmatched:
                yield (fact.kind, _relative_name(fact.name, key[1])), fact


def _moved_pairs(old: _Side, new: _Side) -> list[_Pair]:
    """Find the facts that were moved to another schema and kept their name.

    A table must have columns of the same names there; other objects the same definition.
    """
    alike: dict[object, tuple[list[Key], list[Key]]] = defaultdict(lambda: ([], []))
    for number, side in enumerate((old, new)):
        for fact in side.unmatched.values():
            above = fact.parent
            is_top = above and above not in side.unmatched and kind_of(above[0]).container
            if above and is_top and kind_of(fact.kind).rename != "never":
                name = relative(fact.name, above[1])
                content = _columns_or_definition(side.schema, fact)
                alike[fact.kind, name, content][number].append(fact.key)
    return [(mine[0], yours[0]) for mine, yours in alike.values() if len(mine) == len(yours) == 1]


def _columns_or_definition(schema: Schema, fact: Fact) -> object:
    """The relative names of a fact's columns; of a fact without columns its definition."""
    columns = [
        _relative_name(child.name, fact.name)
        for child in schema.children.get(fact.key, ())
        if kind_of(child.kind).order
    ]
    return tuple(sorted(columns)) or _definition(schema, fact, fact, moved=True)


def _recognised_pairs(
    old: _Side, new: _Side, above_old: Key | None, above_new: Key | None, *, by_child: bool
) -> list[_Pair]:
    """The pairs of facts below two parents that no third fact there has the fingerprint of."""
    alike: dict[_Fingerprint, tuple[list[Key], list[Key]]] = defaultdict(lambda: ([], []))
    ours = old.unmatched_below(above_old, by_child=by_child)
    theirs = new.unmatched_below(above_new, by_child=by_child)
    kinds = {fact.kind for fact in ours} & {fact.kind for fact in theirs}
    for number, side, facts in ((0, old, ours), (1, new, theirs)):
        for fingerprint, key in _fingerprints(side, [fact for fact in facts if fact.kind in kinds]):
            alike[fingerprint][number].append(key)
    pairs = []
    for fingerprint, (mine, yours) in alike.items():
        if len(mine) == len(yours) == 1:
            pairs.append((mine[0], yours[0]))
        elif fingerprint[-1] != NO_NEIGHBOURS:
            pairs += pairs_in_order(old.schema, new.schema, mine, yours)
    return pairs


def _pair_with_children(old: _Side, new: _Side, key_old: Key, key_new: Key) -> Iterator[_Pair]:
    """Remove a pair from the unmatched facts; yield the pairs below that share a relative name."""
    del old.unmatched[key_old], new.unmatched[key_new]
    names = dict(new.below(key_new))
    for name, fact in list(old.below(key_old)):
        if name in names:
            counterpart = names[name].key
            yield fact.key, counterpart
            yield from _pair_with_children(old, new, fact.key, counterpart)


def _fingerprints(side: _Side, facts: list[Fact]) -> Iterator[tuple[_Fingerprint, Key]]:
    """The fingerprints (kind, arguments, definition, neighbours) of facts that can be renamed."""
    placed = [fact for fact in facts if kind_of(fact.kind).rename == "place"]
    neighbours = neighbours_of(side.schema, side.unmatched, placed)
    for fact in facts:
        kind = kind_of(fact.kind)
        beside = neighbours.get(fact.key, NO_NEIGHBOURS)
        is_placed = kind.rename != "place" or beside != NO_NEIGHBOURS
        if is_placed and _is_identifying(side.schema, fact):
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
        (child.kind, _child_name(child, fact), _definition(schema, child, top, moved=moved))
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


def _child_name(child: Fact, parent: Fact) -> tuple[str, ...]:
    """The relative name of a child; empty for a kind that is recognised by its definition."""
    if kind_of(child.kind).rename == "definition":
        return ()
    return _relative_name(child.name, parent.name)


def _relative_name(name: str, parent: str) -> tuple[str, ...]:
    """The tokens of a relative name; a schema that is also the parent's becomes a placeholder."""
    tokens = relative(name, parent)
    beside = len(tokens) == 3 and tokens[:2] == name_tokens(parent)[:2]
    return ("(schema)", *tokens[1:]) if beside else tokens
