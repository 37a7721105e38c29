"""The rule for what PostgreSQL drops together with a column: one side lacks both."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from pytest_schema_parity.schema.difference import Difference
from pytest_schema_parity.schema.facts import Fact, Key, Schema
from pytest_schema_parity.schema.found import Found
from pytest_schema_parity.schema.kinds import kind_of
from pytest_schema_parity.schema.names import short
from pytest_schema_parity.schema.whose_columns import Tokens, split

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


def _is_column(kind: str) -> bool:
    return kind_of(kind).order is not None


def _columns(schema: Schema, table: Key) -> set[str]:
    """The unqualified names of a table's columns."""
    below = schema.children.get(table, ())
    return {short(fact.name, table[1]) for fact in below if _is_column(fact.kind)}


def _stands_on(schema: Schema, fact: Fact, column: str, others: set[str]) -> bool:
    """Whether a fact, or the index that a constraint is made of, goes with a column."""
    for one in (fact, *schema.children.get(fact.key, ())):
        listed = one.canonical.get("columns")
        texts = listed if isinstance(listed, list) else [listed]
        items = [item for text in texts if isinstance(text, str) for item in _items(split(text))]
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
