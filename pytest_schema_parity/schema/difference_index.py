"""All differences of two schemas, indexed by the facts that they are about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from pytest_schema_parity.schema.difference import Difference
from pytest_schema_parity.schema.facts import Fact, Key, Schema, Value

Identity: TypeAlias = tuple[str, str, str, str]


def identity_of(one: Difference) -> Identity:
    """The identity of a difference: kind, name, change and attribute."""
    return (*one.key, one.change, one.attribute or "")


class DifferenceIndex:
    """The differences of two schemas, indexed by fact and by the parent of that fact."""

    def __init__(self, every: list[Difference], reference: Schema, candidate: Schema) -> None:
        self.every = every
        self.reference = reference
        self.candidate = candidate
        self._by_key: dict[Key, list[Difference]] = {}
        self._below: dict[Key, list[Difference]] = {}
        self._names: dict[str, list[Key]] = {}
        for one in every:
            self._by_key.setdefault(one.key, []).append(one)
            fact = self.fact(one)
            if fact and fact.parent:
                self._below.setdefault(fact.parent, []).append(one)
        for key in self._below:
            self._names.setdefault(key[1], []).append(key)

    def side(self, one: Difference) -> Schema:
        """The schema that has the fact of a difference: the candidate if it is extra."""
        return self.candidate if one.change == "extra" else self.reference

    def fact(self, one: Difference) -> Fact | None:
        """The fact that a difference is about."""
        return self.side(one).get(one.key)

    def attributes(self, one: Difference) -> Mapping[str, Value]:
        """The attributes of the fact that a difference is about."""
        fact = self.fact(one)
        return fact.attributes if fact else {}

    def parent(self, one: Difference) -> Fact | None:
        """The parent of the fact that a difference is about."""
        fact = self.fact(one)
        return self.side(one).get(fact.parent) if fact and fact.parent else None

    def of(self, key: Key) -> list[Difference]:
        """The differences of a fact."""
        return self._by_key.get(key, [])

    def below(self, key: Key) -> list[Difference]:
        """The differences of the children of a fact."""
        return self._below.get(key, [])

    def below_any(self, name: str) -> list[Difference]:
        """The differences of the children of all facts of that name, whatever their kind."""
        return [one for key in self._names.get(name, ()) for one in self._below[key]]
