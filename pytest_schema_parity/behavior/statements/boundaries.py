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
from pytest_schema_parity.behavior.statements.planned_rows import CannotBuildError, Wish, World
from pytest_schema_parity.behavior.statements.sql_constants import Literals, mine_all

MOST: Final = 400
"""How many databases are made of one view at most."""
GATES: Final = 4
"""How many values the other compared columns are tried with, for each value of one."""
TWICE: Final = 60
"""How many databases are made of one view and one table that has two rows."""

ColumnPlace: TypeAlias = tuple[str, str]
"""A table and its column."""


class Boundaries:
    """Makes the small databases of views, one compared column at its boundaries in each."""

    def __init__(
        self, model: Model, builder: Builder, reads: Callable[[str], tuple[str, ...]]
    ) -> None:
        self.model = model
        self.builder = builder
        self.reads = reads

    def of(self, view: View) -> Iterator[Example]:
        """The examples of one view, those of all columns in turn."""
        tables = [self.model.tables[name] for name in view.tables if name in self.model.tables]
        pools = _pools(tables, view.definitions, mine_all(view.definitions))
        ordered = parents_first(self.model, tables)
        for wishes in islice(_wishes(pools), MOST):
            if example := self._example(view, ordered, wishes):
                yield example

    def twice(self, view: View) -> Iterator[Example]:
        """One row of each table, all joined, and a second row of one: a join repeats the others.

        Their columns have the constants that the view compares them with, or one less or more.
        """
        tables = [self.model.tables[name] for name in view.tables if name in self.model.tables]
        literals = mine_all(view.definitions)
        pools = {
            place: _near(pool, literals.compared.get(place[1], ()))
            for place, pool in _pools(tables, view.definitions, literals).items()
        }
        ordered = parents_first(self.model, tables)
        for table in [each for each in ordered if each.foreign_keys]:
            for values in islice(product(*pools.values()), TWICE):
                wishes = dict(zip(pools, values, strict=True))
                if example := self._example(view, [*ordered, table], wishes):
                    yield replace(example, probe="a row twice")

    def _example(
        self, view: View, tables: Sequence[Table], wishes: Mapping[ColumnPlace, str]
    ) -> Example | None:
        """A row of each table, all joined, with the values that are wished for."""
        world = World()
        for at, table in enumerate(tables):
            given = {c: value for (name, c), value in wishes.items() if name == table.name}
            if not given and world.rows.get(table.name) and table not in tables[:at]:
                continue
            keys = frozenset(name for key in table.foreign_keys for name in key.columns)
            keys = keys - {column for column, value in given.items() if value == NULL}
            for fixed, required in product((given, {}), (keys, frozenset[str]())):
                try:
                    self.builder.add(world, table.name, Wish(fixed=fixed, required=required))
                except CannotBuildError:
                    continue
                break
        if not world.statements:
            return None
        reads = (*self.reads(tables[0].name), view.name)
        statements = tuple(world.statements)
        return Example(view.name, "a boundary", statements, tuple(dict.fromkeys(reads)))


def _near(pool: Sequence[str], constants: Iterable[str]) -> Sequence[str]:
    """The values of a pool that are among some constants, or one from them; else its last two."""
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


def _pools(
    tables: Sequence[Table], definitions: Sequence[str], literals: Literals
) -> dict[ColumnPlace, list[str]]:
    """The columns that a view may compare with constants, and the values to try of each."""
    text = "\n".join(definitions)
    found: dict[ColumnPlace, list[str]] = {}
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


def _wishes(pools: Mapping[ColumnPlace, list[str]]) -> Iterator[dict[ColumnPlace, str]]:
    """Each value of each column, with several values of the other columns.

    Of two neighbours among these, all those values are tried together.
    """
    turns = GATES ** min(2, len(pools) - 1) if pools else 0
    for turn in range(turns):
        spread = {place: turn // GATES ** (at % 2) % GATES for at, place in enumerate(pools)}
        others = {p: pool[spread[p] * len(pool) // GATES] for p, pool in pools.items()}
        for at in range(max(map(len, pools.values()))):
            for place, pool in pools.items():
                if at < len(pool):
                    yield {**others, place: pool[at]}
