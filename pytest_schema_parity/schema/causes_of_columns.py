"""The rule for objects that PostgreSQL drops together with a column, if one side lacks both."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from pytest_schema_parity.schema.column_references import Tokens, tokens_of
from pytest_schema_parity.schema.difference import Difference
from pytest_schema_parity.schema.difference_index import DifferenceIndex
from pytest_schema_parity.schema.facts import Fact, Key, Schema
from pytest_schema_parity.schema.kinds import kind_of
from pytest_schema_parity.schema.names import short

_Pairs: TypeAlias = Iterator[tuple[Difference, Difference]]

_NOT_BEFORE_A_COLUMN = frozenset({".", "::", "collate"})
_NOT_AFTER_A_COLUMN = frozenset({".", "(", "=>"})


def objects_dropped_with_columns(found: DifferenceIndex) -> _Pairs:
    """Rule: objects that PostgreSQL drops with a column, and that the same side lacks.

    They are an index, a key or a statistics object that lists the column, alone or with others; a
    CHECK, or an expression in an index, that reads the column and no other one of the table.  An
    index that uses the column only in its predicate or INCLUDE is reported separately.
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
            if kind_of(one.kind).dropped_with_column and _depends_on_column(
                side, fact, name, others
            ):
                yield one, column


def restricts_common_columns(found: DifferenceIndex, one: Difference) -> bool:
    """Whether an extra key can reject rows that were inserted without its extra columns.

    It is a unique, exclusion or foreign key constraint, or a unique index, that also lists a column
    of both sides, or for which NULLs are equal.
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
        each.canonical.get("nulls_not_distinct") or not shared.isdisjoint(_listed_tokens(each))
        for each in facts
    )


def _is_key(found: DifferenceIndex, fact: Fact) -> bool:
    """Whether a fact, or the index that it is made of, is a unique, exclusion or foreign key."""
    return fact.canonical.get("type") == "foreign key" or any(
        each.canonical.get("unique") or each.canonical.get("exclusion")
        for each in (fact, *found.candidate.children.get(fact.key, ()))
    )


def _listed_tokens(fact: Fact) -> Iterator[str]:
    """The tokens of the columns and expressions that a fact lists."""
    for text in _column_lists(fact):
        yield from tokens_of(text)


def _column_lists(fact: Fact) -> list[str]:
    """The attribute ``columns`` of a fact, as a list of texts."""
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


def _depends_on_column(schema: Schema, fact: Fact, column: str, others: set[str]) -> bool:
    """Whether PostgreSQL drops a fact, or a constraint's index, with a column."""
    for one in (fact, *schema.children.get(fact.key, ())):
        items = [item for text in _column_lists(one) for item in _items(tokens_of(text))]
        if any(_is_or_reads_only(item, column, others) for item in items):
            return True
        expression = one.canonical.get("expression")
        if isinstance(expression, str) and _reads_only(tokens_of(expression), column, others):
            return True
    return False


def _items(tokens: Tokens) -> Iterator[Tokens]:
    """The items of a list; commas in parentheses do not separate items."""
    start = depth = 0
    for at, sign in enumerate(tokens):
        depth += (sign in ("(", "[")) - (sign in (")", "]"))
        if sign == "," and not depth:
            yield tokens[start:at]
            start = at + 1
    yield tokens[start:]


def _is_or_reads_only(item: Tokens, column: str, others: set[str]) -> bool:
    """Whether an item of a list is the column (perhaps with an order), or an expression on it."""
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
