"""Rules for views that differ only because the columns that they select differ."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Final, TypeAlias

from pytest_schema_parity.schema.column_references import Relations
from pytest_schema_parity.schema.column_references import split as _tokens
from pytest_schema_parity.schema.difference import Difference
from pytest_schema_parity.schema.difference_index import Found
from pytest_schema_parity.schema.facts import Fact, Key
from pytest_schema_parity.schema.kinds import kind_of
from pytest_schema_parity.schema.names import short

_Pairs: TypeAlias = Iterator[tuple[Difference, Difference]]
_Tokens: TypeAlias = tuple[str, ...]

_SELECTED: Final = frozenset({"type", "collation"})
"""Attributes of a view's column that it takes from the column that it selects."""


def columns_of_views(found: Found) -> _Pairs:
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
        if one.attribute not in _SELECTED:
            continue
        tokens = _tokens(str(view.attributes["definition"]))
        causes = [
            (other, short(other.name, _above(found, other)))
            for key in _named(tokens, tables)
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


def definitions_of_views(found: Found) -> _Pairs:
    """Rule: a view that selects a column which one side lacks, and its own column of that name."""
    lone = [
        one for one in found.every if one.change in ("missing", "extra") and _is_column(one.kind)
    ]
    if not lone:
        return
    relations = Relations((found.reference, found.candidate))
    for one in found.every:
        view = found.fact(one)
        if one.attribute != "definition" or view is None:
            continue
        old, new = (_tokens(str(value)) for value in (one.expected, one.actual))
        for change, longer, shorter in (("missing", old, new), ("extra", new, old)):
            lacking = [other for other in lone if other.change == change]
            known = _mentioned(found, relations, view, (longer, shorter), lacking)
            left_out = _left_out(longer, shorter, known.keys())
            if left_out:
                yield one, known[min(left_out, key=lambda at: known[at].key)]
            used = {longer[at]: known[at] for at in left_out}
            for other in found.below(one.key):
                name = short(other.name, one.name)
                if other.change == change and name in used:
                    yield other, used[name]


def _mentioned(
    found: Found,
    relations: Relations,
    view: Fact,
    texts: tuple[_Tokens, _Tokens],
    columns: Iterable[Difference],
) -> dict[int, Difference]:
    """Where the first of two definitions mentions which of some columns."""
    by_key = {other.key: other for other in columns}
    tables: dict[str, dict[str, tuple[Key, str]]] = {}
    for other in by_key.values():
        table = _above(found, other)
        name = short(other.name, table)
        tables.setdefault(table, {})[name] = (other.key, name)
    places = relations.mentioned(view, "definition", texts, tables)
    return {at: by_key[key] for at, (key, _) in places.items()}


def _left_out(longer: _Tokens, shorter: _Tokens, known: Collection[int]) -> set[int]:
    """Where the columns stand without which one query is the other; none if they differ in more.

    Only whole items of a list are left out: a name, qualified or not, with one comma.  ``known``
    says where the columns stand that may be.
    """
    used: set[int] = set()
    at = place = 0
    while at < len(longer):
        if (
            place < len(shorter)
            and longer[at] == shorter[place]
            and not (
                longer[at] == ","
                and (item := _item(longer, at + 1, known))
                and _starts_otherwise(shorter, place + 1, longer[at + 1 : at + 1 + len(item)])
            )
        ):
            at, place = at + 1, place + 1
            continue
        start = at + 1 if longer[at] == "," else at
        item = _item(longer, start, known)
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


def _item(tokens: _Tokens, at: int, known: Collection[int]) -> _Tokens:
    """A known column as a whole item of a list that begins there."""
    for length in (1, 3, 5):
        item, after = tokens[at : at + length], tokens[at + length : at + length + 1]
        is_whole = after in ((",",), ()) or after[0].lower() == "from"
        is_name = len(item) == length and all(sign == "." for sign in item[1::2])
        if is_whole and is_name and at + length - 1 in known:
            return item
    return ()


def _starts_otherwise(tokens: _Tokens, at: int, item: _Tokens) -> bool:
    return tokens[at : at + len(item)] != item


def _is_column(kind: str) -> bool:
    return kind_of(kind).order is not None


def _above(found: Found, one: Difference) -> str:
    fact = found.fact(one)
    return fact.parent[1] if fact and fact.parent else ""


def _by_table(found: Found, columns: Iterable[Difference]) -> dict[Key, list[Difference]]:
    tables: dict[Key, list[Difference]] = {}
    for one in columns:
        fact = found.fact(one)
        if fact and fact.parent:
            tables.setdefault(fact.parent, []).append(one)
    return tables


def _is_unchanged(view: Fact, found: Found) -> bool:
    """Whether a view of the reference has one definition on both sides."""
    new = found.candidate.get(view.key)
    return new is not None and view.canonical["definition"] == new.canonical.get("definition")


def _named(tokens: _Tokens, relations: Iterable[Key]) -> set[Key]:
    """The relations whose qualified name is in a view's definition."""
    found = set()
    for key in relations:
        name = _tokens(key[1])
        if any(tokens[at : at + len(name)] == name for at in range(len(tokens) - len(name) + 1)):
            found.add(key)
    return found


def _is_alike(one: Difference, other: Difference) -> bool:
    return (one.attribute, one.expected, one.actual) == (
        other.attribute,
        other.expected,
        other.actual,
    )
