"""Fold each difference that exists only because of another difference into that one.

A rule looks at all differences and yields pairs: a consequence and its cause.  A difference with a
more severe impact than its cause is never folded, so that no cause hides it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TypeAlias

from pytest_schema_parity.schema.causes_in_views import columns_of_views, definitions_of_views
from pytest_schema_parity.schema.causes_of_columns import (
    objects_dropped_with_columns,
    restricts_common_columns,
)
from pytest_schema_parity.schema.difference import Difference
from pytest_schema_parity.schema.difference_index import DifferenceIndex, Identity, identity_of
from pytest_schema_parity.schema.facts import Fact, Key, Schema, Value
from pytest_schema_parity.schema.kinds import IMPACTS, kind_of
from pytest_schema_parity.schema.names import short

_Pairs: TypeAlias = Iterator[tuple[Difference, Difference]]

_CHILD_LISTS = ("children_without", "declared_in_children")
_INHERITED_ATTRIBUTES = frozenset({"local", "not_null_name", "not_null_no_inherit"})
"""Attributes of a column that depend on whether the table inherits it."""


def fold_consequences(
    differences: Iterable[Difference], reference: Schema, candidate: Schema
) -> list[Difference]:
    """The differences, with consequences folded into their causes."""
    found = DifferenceIndex(list(differences), reference, candidate)
    cause_of: dict[Identity, Difference] = {}
    for rule in _RULES:
        for one, cause in rule(found):
            if one is not cause and _is_no_more_severe(one, cause):
                cause_of.setdefault(identity_of(one), cause)
    followers: dict[Identity, list[Difference]] = {}
    folded = set()
    for one in found.every:
        root = _root_cause(one, cause_of)
        if root is not None and root is not one:
            alone = restricts_common_columns(found, one)
            followers.setdefault(identity_of(root), []).append(replace(one, alone=alone))
            folded.add(identity_of(one))
    return [
        one.follow(followers.get(identity_of(one), ()))
        for one in found.every
        if identity_of(one) not in folded
    ]


def _is_no_more_severe(one: Difference, cause: Difference) -> bool:
    return IMPACTS.index(one.impact) >= IMPACTS.index(cause.impact)


def _root_cause(one: Difference, cause_of: dict[Identity, Difference]) -> Difference | None:
    """The last difference in the chain of causes; None if the chain is a cycle."""
    seen = {identity_of(one)}
    while identity_of(one) in cause_of:
        one = cause_of[identity_of(one)]
        if identity_of(one) in seen:
            return None
        seen.add(identity_of(one))
    return one


def _columns_of_children(found: DifferenceIndex) -> _Pairs:
    """Rule: a column of a child table follows from its parent's if both differ in the same way."""
    for one in found.every:
        if not kind_of(one.kind).order:
            continue
        table = found.parent(one)
        for above in _parents(table):
            name = f"{above}.{short(one.name, table.name)}" if table else ""
            for other in found.of((one.kind, name)):
                if _differs_alike(one, other):
                    yield one, other


def _differs_alike(one: Difference, other: Difference) -> bool:
    """Whether two facts differ in the same way, so that one difference may explain the other."""
    if (one.change, one.attribute) != (other.change, other.attribute):
        inherits = one.attribute == "local" and other.change in ("missing", "extra")
        return inherits and True in (one.expected, one.actual)
    if one.change in ("missing", "extra"):
        return True
    if one.change == "renamed":
        return _last(one.actual) == _last(other.actual)
    if one.attribute == "comment":
        return False  # a comment is written for each column
    return (one.expected, one.actual) == (other.expected, other.actual)


def _last(name: Value) -> str:
    return str(name).rpartition(".")[2]


def _orders_of_children(found: DifferenceIndex) -> _Pairs:
    """Rule: a partition's column order follows from its parent's if both differ in the same way."""
    for one in found.every:
        if one.impact == "order":
            for above in _parents(found.reference.get(one.key)):
                for other in found.of((one.kind, above)):
                    if other.impact == "order" and _differs_alike(one, other):
                        yield one, other


def _parents(table: Fact | None) -> list[str]:
    """The names of the tables from which a table inherits: its partitioned table or parents."""
    if table is None:
        return []
    inherits = table.attributes.get("inherits")
    names = [
        table.attributes.get("partition_of"),
        *(inherits if isinstance(inherits, list) else ()),
    ]
    return [name for name in names if isinstance(name, str)]


def _effects_of_attaching(found: DifferenceIndex) -> _Pairs:
    """Rule: what a table inherits (columns, constraints) if it is attached on one side only."""
    for cause in found.every:
        if cause.attribute not in ("partition_of", "inherits"):
            continue
        for one in found.of(cause.key):
            if one.attribute == "partition_bound":
                yield one, cause
        for one in found.below(cause.key):
            if one.attribute in _INHERITED_ATTRIBUTES or (
                one.change in ("missing", "extra") and _is_inherited(found, one, cause)
            ):
                yield one, cause


def _is_inherited(found: DifferenceIndex, one: Difference, cause: Difference) -> bool:
    """Whether a missing or extra fact is inherited on the side on which the table is attached."""
    attached = cause.actual if one.change == "missing" else cause.expected
    detached = cause.expected if one.change == "missing" else cause.actual
    names = attached if isinstance(attached, list) else [attached]
    gone = [name for name in names if name and name not in _list(detached)]
    fact, schema = found.fact(one), found.side(one)
    return fact is not None and any(
        is_alike(fact, other)
        for name in gone
        for other in schema.children.get((cause.kind, str(name)), ())
    )


def is_alike(fact: Fact, other: Fact) -> bool:
    """Whether two facts have the same kind and attributes, except names and comments."""
    return fact.kind == other.kind and _comparable_attributes(fact) == _comparable_attributes(other)


def _comparable_attributes(fact: Fact) -> dict[str, object]:
    """The attributes that a fact of a child table has in common with its parent's."""
    return {
        attribute: value
        for attribute, value in fact.canonical.items()
        if attribute not in ("comment", "form", "no_inherit", "valid", *_CHILD_LISTS)
        and not attribute.startswith("child_")
    }


def _entries_of_children(found: DifferenceIndex) -> _Pairs:
    """Rule: entries about child tables in a parent's attributes follow from those tables."""
    causes = {
        one.name: one
        for one in found.every
        if one.attribute in ("partition_of", "inherits")
        or (one.change in ("missing", "extra") and "partition_of" in found.attributes(one))
    }
    for one in found.every:
        if one.attribute is None or not _is_about_children(one.attribute):
            continue
        lacking = {
            str(table): other
            for other in found.of(one.key)
            if other.attribute == "children_without" and other is not one
            for table in _items_of_one_side(other)
        }
        explained = [
            next((c for table, c in (causes | lacking).items() if _is_about(entry, table)), None)
            for entry in _items_of_one_side(one)
        ]
        if explained and explained[0] and all(explained):
            yield one, explained[0]


def _is_about_children(attribute: str) -> bool:
    return attribute.startswith("child_") or attribute in _CHILD_LISTS


def _is_about(entry: Value, table: str) -> bool:
    return entry == table or str(entry).startswith(f"{table}: ")


def _items_of_one_side(one: Difference) -> list[Value]:
    """The items of a changed list that only one side has."""
    old, new = _list(one.expected), _list(one.actual)
    return [item for item in (*old, *new) if item not in old or item not in new]


def _list(value: Value) -> list[Value]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _indexes_attached_on_one_side(found: DifferenceIndex) -> _Pairs:
    """Rule: an index of a partition that is attached to the parent's index on one side only."""
    for cause in found.every:
        if cause.attribute != "children_without":
            continue
        for table, side in (
            *((table, "missing") for table in _list(cause.expected)),
            *((table, "extra") for table in _list(cause.actual)),
        ):
            for one in found.below_any(str(table)):
                if one.change == side and _is_of_index(found, one, cause.key):
                    yield one, cause


def _is_of_index(found: DifferenceIndex, one: Difference, index: Key) -> bool:
    """Whether a missing or extra index (or a constraint's) equals an index of the parent table."""
    schema = found.side(one)
    above = schema.get(index)
    return above is not None and any(
        (fact := schema.get(key)) is not None and is_alike(fact, above)
        for key in (one.key, *one.below)
    )


_RULES = (
    _columns_of_children,
    _orders_of_children,
    _effects_of_attaching,
    _entries_of_children,
    _indexes_attached_on_one_side,
    objects_dropped_with_columns,
    columns_of_views,
    definitions_of_views,
)
