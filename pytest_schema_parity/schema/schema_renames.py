"""Find schemas that were renamed: their contents have the same names."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_schema_parity.schema.facts import Fact, Key, Schema
from pytest_schema_parity.schema.kinds import kind_of
from pytest_schema_parity.schema.names import name_tokens
from pytest_schema_parity.schema.renames import Rename


def find_schema_renames(
    reference: Schema, candidate: Schema, missing: Mapping[Key, Fact], extra: Mapping[Key, Fact]
) -> list[Rename]:
    """Find renamed schemas: not empty, and the names of all objects in them are the same."""
    ours, theirs = (
        {
            fact.key: _contents(schema, fact)
            for fact in unmatched.values()
            if kind_of(fact.kind).container
        }
        for schema, unmatched in ((reference, missing), (candidate, extra))
    )
    found = []
    for old, mine in ours.items():
        counterparts = [new for new, yours in theirs.items() if yours.keys() == mine.keys()]
        rivals = [other for other, their in ours.items() if their.keys() == mine.keys()]
        if mine and len(counterparts) == len(rivals) == 1:
            yours = theirs[counterparts[0]]
            below = tuple((mine[name], yours[name]) for name in mine)
            if all(key in missing and new_key in extra for key, new_key in below):
                found.append(Rename(old, counterparts[0], below))
    return found


def _contents(schema: Schema, top: Fact) -> dict[tuple[str, tuple[str, ...]], Key]:
    """The facts below a schema by kind and unqualified name; empty if they are privileges only."""
    own = (top.name, ".")
    found = {}
    for fact in schema.branch(top.key):
        tokens = name_tokens(fact.name)
        name = tuple(
            "(schema)"
            if tokens[at : at + 2] == own or (fact.parent == top.key and token == own[0])
            else token
            for at, token in enumerate(tokens)
        )
        if fact is not top:
            found[fact.kind, name] = fact.key
    return found if any(kind_of(kind).rename != "never" for kind, _ in found) else {}
