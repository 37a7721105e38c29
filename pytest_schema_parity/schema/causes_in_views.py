"""Rules for views that differ only because the columns that they select differ."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Final, TypeAlias

from pytest_schema_parity.schema.column_references import Relations, tokens_of
from pytest_schema_parity.schema.difference import Difference
from pytest_schema_parity.schema.difference_index import DifferenceIndex
from pytest_schema_parity.schema.facts import Fact, Key
from pytest_schema_parity.schema.kinds import kind_of
from pytest_schema_parity.schema.names import short

_Pairs: TypeAlias = Iterator[tuple[Difference, Difference]]
_Tokens: TypeAlias = tuple[str, ...]

_SELECTED_ATTRIBUTES: Final = frozenset({"type", "collation"})
"""Attributes of a view's column that it takes from the column that it selects."""


def columns_of_views(found: DifferenceIndex) -> _Pairs:
    """Rule: a view's column of another type or collation follows from the column that it selects.

    If the view's definition is unchanged, the cause is a column of a relation that it names: one
    that changed in the same way, else one that the definition mentions.  If the definition differs,
    the cause must have the same name and have changed in the same way.
    """
    changed = [one for one in found.every if one.change == "changed" and _is_column(one.kind)]
    tables = _by_table(found, changed)
    for one in changed:
        view = found.parent(one)
        if view is None or "definition" not in view.attributes or len(found.of(one.key)) > 1:
            continue
        if one.attribute not in _SELECTED_ATTRIBUTES:
            continue
        tokens = tokens_of(str(view.attributes["definition"]))
        causes = [
            (other, short(other.name, _table_of(found, other)))
            for key in _relations_named_in(tokens, tables)
            for other in tables[key]
            if other is not one and other.attribute == one.attribute
        ]
        alike = [(other, name) for other, name in causes if _is_alike(one, other)]
        if _is_unchanged(view, found):
            fitting = alike or [(other, name) for other, name in causes if name in tokens]
        else:
            own = short(one.name, view.name)
            fitting = [(other, name) for other, name in alike if name == own]
        if fitting:
            yield one, min((other for other, _ in fitting), key=lambda cause: cause.key)


def definitions_of_views(found: DifferenceIndex) -> _Pairs:
    """Rule: a changed view definition, and the view's own column, follow from a column of a table.

    The column is missing or extra, and the definitions differ only in selecting it.
    """
    unmatched = [
        one for one in found.every if one.change in ("missing", "extra") and _is_column(one.kind)
    ]
    if not unmatched:
        return
    relations = Relations((found.reference, found.candidate))
    for one in found.every:
        view = found.fact(one)
        if one.attribute != "definition" or view is None:
            continue
        old, new = (tokens_of(str(value)) for value in (one.expected, one.actual))
        for change, longer, shorter in (("missing", old, new), ("extra", new, old)):
            lacking = [other for other in unmatched if other.change == change]
            known = _mentions_of(found, relations, view, (longer, shorter), lacking)
            left_out = _removed_columns(longer, shorter, known.keys())
            if left_out:
                yield one, known[min(left_out, key=lambda at: known[at].key)]
            used = {longer[at]: known[at] for at in left_out}
            for other in found.below(one.key):
                name = short(other.name, one.name)
                if other.change == change and name in used:
                    yield other, used[name]


def _mentions_of(
    found: DifferenceIndex,
    relations: Relations,
    view: Fact,
    texts: tuple[_Tokens, _Tokens],
    columns: Iterable[Difference],
) -> dict[int, Difference]:
    """The positions at which the first of two definitions mentions the columns."""
    by_key = {other.key: other for other in columns}
    tables: dict[str, dict[str, tuple[Key, str]]] = {}
    for other in by_key.values():
        table = _table_of(found, other)
        name = short(other.name, table)
        tables.setdefault(table, {})[name] = (other.key, name)
    places = relations.mentioned(view, "definition", texts, tables)
    return {at: by_key[key] for at, (key, _) in places.items()}


def _removed_columns(longer: _Tokens, shorter: _Tokens, known: Collection[int]) -> set[int]:
    """The positions of the columns whose removal turns the longer query into the shorter.

    Empty if the queries differ in anything else.  Only whole items of a list are removed: a name,
    qualified or not, with one comma.  ``known`` are the positions of the columns that may be.
    """
    used: set[int] = set()
    at = place = 0
    while at < len(longer):
        if (
            place < len(shorter)
            and longer[at] == shorter[place]
            and not (
                longer[at] == ","
                and (item := _column_item(longer, at + 1, known))
                and shorter[place + 1 : place + 1 + len(item)] != item
            )
        ):
            at, place = at + 1, place + 1
            continue
        start = at + 1 if longer[at] == "," else at
        item = _column_item(longer, start, known)
        if not item:
            return set()
        end = start + len(item)
        used.add(end - 1)
        if longer[at] != ",":
            if longer[end : end + 1] != (",",):
                return set()
            end += 1
        at = end
    return used if place == len(shorter) else set()


def _column_item(tokens: _Tokens, at: int, known: Collection[int]) -> _Tokens:
    """The list item at a position if it is one of the known columns; else empty."""
    for length in (1, 3, 5):
        item, after = tokens[at : at + length], tokens[at + length : at + length + 1]
        is_whole = after in ((",",), ()) or after[0].lower() == "from"
        is_name = len(item) == length and all(sign == "." for sign in item[1::2])
        if is_whole and is_name and at + length - 1 in known:
            return item
    return ()


def _is_column(kind: str) -> bool:
    return kind_of(kind).order is not None


def _table_of(found: DifferenceIndex, one: Difference) -> str:
    fact = found.fact(one)
    return fact.parent[1] if fact and fact.parent else ""


def _by_table(found: DifferenceIndex, columns: Iterable[Difference]) -> dict[Key, list[Difference]]:
    tables: dict[Key, list[Difference]] = {}
    for one in columns:
        fact = found.fact(one)
        if fact and fact.parent:
            tables.setdefault(fact.parent, []).append(one)
    return tables


def _is_unchanged(view: Fact, found: DifferenceIndex) -> bool:
    """Whether a view of the reference has one definition on both sides."""
    new = found.candidate.get(view.key)
    return new is not None and view.canonical["definition"] == new.canonical.get("definition")


def _relations_named_in(tokens: _Tokens, relations: Iterable[Key]) -> set[Key]:
    """The relations whose qualified names are in a view's definition."""
    found = set()
    for key in relations:
        name = tokens_of(key[1])
        if any(tokens[at : at + len(name)] == name for at in range(len(tokens) - len(name) + 1)):
            found.add(key)
    return found


def _is_alike(one: Difference, other: Difference) -> bool:
    return (one.attribute, one.expected, one.actual) == (
        other.attribute,
        other.expected,
        other.actual,
    )
