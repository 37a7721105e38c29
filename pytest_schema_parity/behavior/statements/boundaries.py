"""Rows at the boundaries of a view's conditions: with each constant, one less and one more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice, product
from typing import Final, TypeAlias

from pytest_schema_parity.behavior.statements.builder import Builder
from pytest_schema_parity.behavior.statements.candidates import candidates
from pytest_schema_parity.behavior.statements.example import Example
from pytest_schema_parity.behavior.statements.generated_statement import NULL, literal
from pytest_schema_parity.behavior.statements.mentions import mentions
from pytest_schema_parity.behavior.statements.model import Model, Table, View
from pytest_schema_parity.behavior.statements.planned_rows import (
    CannotBuildError,
    PlannedRows,
    Wish,
)
from pytest_schema_parity.behavior.statements.sql_constants import Literals, constants_of_all

MAX_DATABASES: Final = 400
"""How many examples one view gets at most."""
OTHER_VALUES: Final = 4
"""How many values of each other column are combined with each value of a column."""
MAX_DUPLICATE_ROWS: Final = 60
"""How many examples a view gets for each table with two rows."""

TableColumn: TypeAlias = tuple[str, str]
"""A table and its column."""


class Boundaries:
    """Makes examples for views: each sets one compared column to a boundary."""

    def __init__(
        self, model: Model, builder: Builder, reads: Callable[[str], tuple[str, ...]]
    ) -> None:
        self.model = model
        self.builder = builder
        self.reads = reads

    def of(self, view: View) -> Iterator[Example]:
        """The examples of one view, alternating between its columns."""
        tables = [self.model.tables[name] for name in view.tables if name in self.model.tables]
        pools = _values_to_try(tables, view.definitions, constants_of_all(view.definitions))
        ordered = parents_first(self.model, tables)
        for wishes in islice(_combinations(pools), MAX_DATABASES):
            if example := self._example(view, ordered, wishes):
                yield example

    def with_second_row(self, view: View) -> Iterator[Example]:
        """A joined row of each table, and a second row of one, so that a join repeats the others.

        The columns have the constants that the view compares them with, or one less or more.
        """
        tables = [self.model.tables[name] for name in view.tables if name in self.model.tables]
        literals = constants_of_all(view.definitions)
        pools = {
            place: _values_near(pool, literals.compared.get(place[1], ()))
            for place, pool in _values_to_try(tables, view.definitions, literals).items()
        }
        ordered = parents_first(self.model, tables)
        for table in [each for each in ordered if each.foreign_keys]:
            for values in islice(product(*pools.values()), MAX_DUPLICATE_ROWS):
                wishes = dict(zip(pools, values, strict=True))
                if example := self._example(view, [*ordered, table], wishes):
                    yield replace(example, probe="a row twice")

    def _example(
        self, view: View, tables: Sequence[Table], wishes: Mapping[TableColumn, str]
    ) -> Example | None:
        """A joined row of each table, with these values; None if no row could be built."""
        planned = PlannedRows()
        for at, table in enumerate(tables):
            given = {c: value for (name, c), value in wishes.items() if name == table.name}
            if not given and planned.rows.get(table.name) and table not in tables[:at]:
                continue
            keys = frozenset(name for key in table.foreign_keys for name in key.columns)
            keys = keys - {column for column, value in given.items() if value == NULL}
            for fixed, required in product((given, {}), (keys, frozenset[str]())):
                try:
                    self.builder.add(planned, table.name, Wish(fixed=fixed, required=required))
                except CannotBuildError:
                    continue
                break
        if not planned.statements:
            return None
        reads = (*self.reads(tables[0].name), view.name)
        statements = tuple(planned.statements)
        return Example(view.name, "a boundary", statements, tuple(dict.fromkeys(reads)))


def _values_near(pool: Sequence[str], constants: Iterable[str]) -> Sequence[str]:
    """The values in ``pool`` that equal a constant or differ from it by one; else its last two."""
    if "true" in pool:
        return pool
    wanted = {literal(each) for each in constants}
    whole = [int(each) for each in constants if each.lstrip("-").isdigit()]
    wanted |= {str(number + more) for number in whole for more in (-1, 0, 1)}
    return [value for value in pool if value in wanted] or pool[-2:]


def parents_first(model: Model, tables: Sequence[Table]) -> list[Table]:
    """Tables in an order in which those that others refer to come first."""
    return sorted(tables, key=lambda table: len(_parents(model, table)))


def _parents(model: Model, table: Table) -> set[str]:
    """The tables that a table refers to, and those that these refer to."""
    found: set[str] = set()
    waiting = [table]
    while waiting:
        for key in waiting.pop().foreign_keys:
            if key.target in model.tables and key.target not in found:
                found.add(key.target)
                waiting.append(model.tables[key.target])
    return found


def _values_to_try(
    tables: Sequence[Table], definitions: Sequence[str], literals: Literals
) -> dict[TableColumn, list[str]]:
    """The columns that a view may compare with constants, and the values to try for each.

    Generated columns are left out; dates count if the view has an interval, booleans if the view
    mentions them.
    """
    text = "\n".join(definitions)
    found: dict[TableColumn, list[str]] = {}
    for table in tables:
        for column in table.columns:
            timed = column.type.category == "D" and literals.intervals
            compared = column.name in literals.compared or column.name in literals.patterns
            tested = column.type.name == "boolean" and mentions(text, column.name)
            if column.generated or not (timed or compared or tested):
                continue
            values = candidates(column, literals)
            if values and not column.not_null:
                values = [*values, NULL]
            if values:
                found[table.name, column.name] = values
    return found


def _combinations(pools: Mapping[TableColumn, list[str]]) -> Iterator[dict[TableColumn, str]]:
    """Each value of each column, combined with several values of the other columns.

    Of two adjacent columns among these, all pairs of such values are combined.
    """
    turns = OTHER_VALUES ** min(2, len(pools) - 1) if pools else 0
    for turn in range(turns):
        spread = {
            place: turn // OTHER_VALUES ** (at % 2) % OTHER_VALUES for at, place in enumerate(pools)
        }
        others = {p: pool[spread[p] * len(pool) // OTHER_VALUES] for p, pool in pools.items()}
        for at in range(max(map(len, pools.values()))):
            for place, pool in pools.items():
                if at < len(pool):
                    yield {**others, place: pool[at]}
