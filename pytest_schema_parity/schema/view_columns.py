"""Columns of views that change with what the view selects from: one cause, one difference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from pytest_schema_parity.schema.difference import Difference
from pytest_schema_parity.schema.facts import Fact, Key, Schema
from pytest_schema_parity.schema.kinds import kind_of
from pytest_schema_parity.schema.tokens import meaningful


def fold_columns_of_views(
    differences: Iterable[Difference], reference: Schema, candidate: Schema
) -> list[Difference]:
    """The differences, with those of views' columns folded into the column that they follow.

    A view with the same definition on both sides has a column of another type only because
    something below it does.  That is a column that changed in the same way, of a relation that the
    view names; where there is none, the view's column is reported as any other.
    """
    every = list(differences)
    counts = Counter(one.key for one in every)
    changed = [one for one in every if one.change == "changed" and _is_column(one.kind)]
    leaders: dict[Key, Difference] = {}
    for one in changed:
        view = _unchanged_view(one, reference, candidate)
        if view and counts[one.key] == 1:
            named = _relations(view, (_parent(other, reference) for other in changed))
            causes = [
                other
                for other in changed
                if other is not one and _is_alike(one, other) and _parent(other, reference) in named
            ]
            if causes:
                leaders[one.key] = min(causes, key=lambda cause: cause.key)
    followers: dict[Key, set[Key]] = {}
    folded = set()
    for key in leaders:
        if top := _top(key, leaders):
            followers.setdefault(top, set()).add(key)
            folded.add(key)
    return [
        replace(one, below=tuple(sorted({*one.below, *followers.get(one.key, ())})))
        if _is_column(one.kind) and one.key in followers and one.change == "changed"
        else one
        for one in every
        if one.key not in folded
    ]


def _is_column(kind: str) -> bool:
    return kind_of(kind).order is not None


def _parent(one: Difference, schema: Schema) -> Key | None:
    fact = schema.get(one.key)
    return fact.parent if fact else None


def _unchanged_view(one: Difference, reference: Schema, candidate: Schema) -> Fact | None:
    """The view of a column, if it has one definition on both sides."""
    parent = _parent(one, reference)
    old, new = (schema.get(parent) if parent else None for schema in (reference, candidate))
    if not old or not new or "definition" not in old.attributes:
        return None
    return old if old.canonical["definition"] == new.canonical.get("definition") else None


def _relations(view: Fact, candidates: Iterable[Key | None]) -> set[Key]:
    """Those of some relations that a view's definition names."""
    tokens = _tokens(str(view.attributes["definition"]))
    found = set()
    for key in {one for one in candidates if one}:
        name = _tokens(key[1])
        if any(tokens[at : at + len(name)] == name for at in range(len(tokens) - len(name) + 1)):
            found.add(key)
    return found


def _tokens(text: str) -> tuple[str, ...]:
    return tuple(token.text for token in meaningful(text) or ())


def _is_alike(one: Difference, other: Difference) -> bool:
    return (one.attribute, one.expected, one.actual) == (
        other.attribute,
        other.expected,
        other.actual,
    )


def _top(key: Key, leaders: dict[Key, Difference]) -> Key | None:
    """The column from which all others follow; None where they follow from each other."""
    seen = {key}
    while key in leaders:
        key = leaders[key].key
        if key in seen:
            return None
        seen.add(key)
    return key
