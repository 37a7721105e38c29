"""The rule for what PostgreSQL drops together with a column: one side lacks both."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from pytest_schema_parity.schema.column_references import Tokens, split
from pytest_schema_parity.schema.difference import Difference
from pytest_schema_parity.schema.difference_index import Found
from pytest_schema_parity.schema.facts import Fact, Key, Schema
from pytest_schema_parity.schema.kinds import kind_of
from pytest_schema_parity.schema.names import short

_Pairs: TypeAlias = Iterator[tuple[Difference, Difference]]

_NOT_BEFORE_A_COLUMN = frozenset({".", "::", "collate"})
_NOT_AFTER_A_COLUMN = frozenset({".", "(", "=>"})


def what_goes_with_columns(found: Found) -> _Pairs:
    """Rule: what stands on a column that the same side lacks, and goes when that is dropped.

    An index, a key or a statistics object that lists the column, alone or with others; a CHECK, or
    an expression in an index, that reads the column and no other one of the table.  What mentions
    it in a predicate or an INCLUDE only does its work on other columns, and stays by itself.
    """
    for column in found.every:
        table = found.parent(column)
        if column.change not in ("missing", "extra") or not _is_column(column.kind):
            continue
        if table is None:
            continue
        side = found.side(column)
        name = short(column.name, table.name)
        others = _columns(side, table.key) - {name}
        for one in found.below(table.key):
            fact = found.fact(one)
            if one.change != column.change or fact is None:
                continue
            if kind_of(one.kind).dropped_with_column and _stands_on(side, fact, name, others):
                yield one, column


def binds_more(found: Found, one: Difference) -> bool:
    """Whether an extra key can refuse rows of those who do not know the extra columns in it.

    That is a unique, exclusion or foreign key constraint, or a unique index, that lists a column of
    both sides, too, or for which NULLs are equal.
    """
    key, table = found.fact(one), found.parent(one)
    if one.change != "extra" or key is None or table is None or not _is_key(found, key):
        return False
    extra = {
        short(each.name, table.name)
        for each in found.below(table.key)
        if each.change == "extra" and _is_column(each.kind)
    }
    shared = _columns(found.candidate, table.key) - extra
    facts = (key, *found.candidate.children.get(key.key, ()))
    return any(
        each.canonical.get("nulls_not_distinct") or not shared.isdisjoint(_listed(each))
        for each in facts
    )


def _is_key(found: Found, fact: Fact) -> bool:
    """Whether a fact, or the index that it is made of, is a unique, exclusion or foreign key."""
    return fact.canonical.get("type") == "foreign key" or any(
        each.canonical.get("unique") or each.canonical.get("exclusion")
        for each in (fact, *found.candidate.children.get(fact.key, ()))
    )


def _listed(fact: Fact) -> Iterator[str]:
    """The tokens of the columns and expressions that a fact lists."""
    for text in _texts(fact):
        yield from split(text)


def _texts(fact: Fact) -> list[str]:
    """The list of columns, in one text or several."""
    listed = fact.canonical.get("columns")
    return [
        text for text in (listed if isinstance(listed, list) else [listed]) if isinstance(text, str)
    ]


def _is_column(kind: str) -> bool:
    return kind_of(kind).order is not None


def _columns(schema: Schema, table: Key) -> set[str]:
    """The unqualified names of a table's columns."""
    below = schema.children.get(table, ())
    return {short(fact.name, table[1]) for fact in below if _is_column(fact.kind)}


def _stands_on(schema: Schema, fact: Fact, column: str, others: set[str]) -> bool:
    """Whether a fact, or the index that a constraint is made of, goes with a column."""
    for one in (fact, *schema.children.get(fact.key, ())):
        items = [item for text in _texts(one) for item in _items(split(text))]
        if any(_lists(item, column, others) for item in items):
            return True
        expression = one.canonical.get("expression")
        if isinstance(expression, str) and _reads_only(split(expression), column, others):
            return True
    return False


def _items(tokens: Tokens) -> Iterator[Tokens]:
    """The items of a list; commas in parentheses part none."""
    start = depth = 0
    for at, sign in enumerate(tokens):
        depth += (sign in ("(", "[")) - (sign in (")", "]"))
        if sign == "," and not depth:
            yield tokens[start:at]
            start = at + 1
    yield tokens[start:]


def _lists(item: Tokens, column: str, others: set[str]) -> bool:
    """Whether an item of a list is the column (perhaps with an order), or an expression of it."""
    if item[1:2] == ("(",) or item[:1] == ("(",):
        return _reads_only(item, column, others)
    return item[:1] == (column,)


def _reads_only(expression: Tokens, column: str, others: set[str]) -> bool:
    """Whether an expression reads a column, and no other one of its table nor the whole row."""
    names = {
        token
        for at, token in enumerate(expression)
        if (at == 0 or expression[at - 1] not in _NOT_BEFORE_A_COLUMN)
        and (at + 1 == len(expression) or expression[at + 1] not in _NOT_AFTER_A_COLUMN)
    }
    is_whole_row = any(expression[at : at + 2] == (".", "*") for at in range(len(expression)))
    return column in names and others.isdisjoint(expression) and not is_whole_row
