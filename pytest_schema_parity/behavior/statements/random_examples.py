"""Generate random examples: rows for triggers, short histories, small databases for views."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice, product
from typing import Final

from pytest_schema_parity.behavior.statements.boundaries import Boundaries, parents_first
from pytest_schema_parity.behavior.statements.builder import Builder
from pytest_schema_parity.behavior.statements.candidates import candidates
from pytest_schema_parity.behavior.statements.example import Example
from pytest_schema_parity.behavior.statements.fresh_values import fresh
from pytest_schema_parity.behavior.statements.generated_statement import NULL, delete, update
from pytest_schema_parity.behavior.statements.model import BOTH, Column, Model, Table, View
from pytest_schema_parity.behavior.statements.planned_rows import (
    CannotBuildError,
    PlannedRows,
    Wish,
)
from pytest_schema_parity.behavior.statements.solver import RowValues, Solver
from pytest_schema_parity.behavior.statements.sql_constants import Literals, constants_of_all

CONDITION_COMBINATIONS: Final = 24
"""How many combinations of values of the columns in conditions of triggers are tried."""
TRIGGER_ROWS: Final = 600
"""How many rows are tried for the triggers of a table, if these differ."""
HISTORIES: Final = 1_500
DATABASES: Final = 300
IF_SAME: Final = 40
"""How many examples are tried for triggers and views that are the same on both sides."""
PASSING_SHARE: Final = 0.85
"""The share of histories whose rows have values for the conditions of the triggers."""
JSON_WITH_NUMBER: Final = re.compile(r"^'{\"\w+\": \"?\d+\"?}'$")
"""A JSON document with one number."""
REUSE_VALUE: Final = 0.25
"""The share of random values that are taken from another row."""
REUSE_PARENT: Final = 0.75
"""The share of foreign keys that refer to an existing row."""


class RandomExamples:
    """Makes the random examples."""

    def __init__(
        self,
        model: Model,
        builder: Builder,
        solver: Solver,
        reads: Callable[[str], tuple[str, ...]],
        source: random.Random,
    ) -> None:
        self.model = model
        self.builder = builder
        self.solver = solver
        self.reads = reads
        self.random = source
        self.boundaries = Boundaries(model, builder, reads)
        self._pools: dict[tuple[str, str, int], list[str]] = {}
        self._random_columns_of: dict[tuple[str, int], list[Column]] = {}
        self._constants: dict[str, Literals] = {}

    def all(self, order: Sequence[str]) -> Iterator[Example]:
        """Examples for triggers and views that differ, then a few for those that do not.

        Of a view that differs, the values at the boundaries of its conditions come first.
        """
        tables = [self.model.tables[name] for name in order if self.model.tables[name].triggers]
        views = list(self.model.views.values())
        for table in tables:
            if self._triggers_differ(table):
                yield from self._trigger_rows(table, TRIGGER_ROWS)
        for view in views:
            if view.differs:
                yield from self.boundaries.of(view)
                yield from self.boundaries.with_second_row(view)
        for view in views:
            if view.differs:
                yield from self._databases(view, DATABASES)
        for table in tables:
            if self._triggers_differ(table):
                yield from self._histories(table, HISTORIES)
        for table in tables:
            if not self._triggers_differ(table):
                yield from self._trigger_rows(table, IF_SAME)
                yield from self._histories(table, IF_SAME)
        for view in views:
            if not view.differs:
                yield from self._databases(view, IF_SAME)

    def _triggers_differ(self, table: Table) -> bool:
        return any(sides != BOTH for sides in table.triggers.values())

    def _constants_of_triggers(self, table: Table) -> Literals:
        texts = [text for each in table.triggers for text in (each.definition, each.body)]
        return self._constants_of(table.name, texts)

    def _constants_of(self, name: str, texts: Sequence[str]) -> Literals:
        """The constants of a table's triggers or a view's definitions."""
        if name not in self._constants:
            self._constants[name] = constants_of_all(texts)
        return self._constants[name]

    def _trigger_rows(self, table: Table, most: int) -> Iterator[Example]:
        """Rows with constants of the triggers: in all compared columns, and one other at a time."""
        literals = self._constants_of_triggers(table)
        for values in islice(self._combinations(table, literals), most):
            planned = PlannedRows()
            try:
                self.builder.add(planned, table.name, Wish(fixed=values))
            except CannotBuildError:
                continue
            yield self._example(table.name, "values for the triggers", planned)

    def _combinations(self, table: Table, literals: Literals) -> Iterator[RowValues]:
        pools = {
            column.name: candidates(column, literals)
            for column in table.columns
            if not column.generated
        }
        compared, passing = self._condition_columns(table, literals, pools)
        yield from passing
        others = {
            n: p for n, p in pools.items() if n not in compared and _may_hold(table, n, literals)
        }
        for at in range(max(map(len, others.values()), default=0)):
            for name, pool in others.items():
                if at < len(pool):
                    for given in passing:
                        yield {**given, name: pool[at]}

    def _condition_columns(
        self, table: Table, literals: Literals, pools: Mapping[str, list[str]]
    ) -> tuple[list[str], list[RowValues]]:
        """The columns that triggers compare with constants, and combinations of their values."""
        compared = [
            name
            for name in literals.compared
            if name in pools and pools[name] and not _is_open_ended(table.by_name[name])
        ]
        lists = [pools[name][:6] for name in sorted(compared)]
        passing = [dict(zip(sorted(compared), values, strict=True)) for values in product(*lists)]
        if len(passing) > CONDITION_COMBINATIONS:
            passing = self.random.sample(passing, CONDITION_COMBINATIONS)
        return compared, passing

    def _histories(self, table: Table, count: int) -> Iterator[Example]:
        literals = self._constants_of_triggers(table)
        columns = [column for column in table.columns if not column.generated]
        pools = {column.name: candidates(column, literals) for column in columns}
        _, passing = self._condition_columns(table, literals, pools)
        for _ in range(count):
            planned = PlannedRows()
            given = self.random.choice(passing) if self.random.random() < PASSING_SHARE else {}
            for _ in range(self.random.choice((2, 2, 3))):
                self._random_row(planned, table, literals, given)
            rows = planned.rows.get(table.name, [])
            if rows and table.primary and self.random.random() < 0.4:
                row = self.random.choice(rows)
                where = {c: row[c] for c in table.primary.indexed if c in row}
                if change := self._random_change(table, literals):
                    planned.statements.append(update(table.name, change, where))
            if planned.statements:
                yield self._example(table.name, "a short history", planned)

    def _random_change(self, table: Table, literals: Literals) -> RowValues:
        referring = {name for key in table.foreign_keys for name in key.columns}
        free = [c for c in table.columns if not c.generated and c.name not in referring]
        if not free:
            return {}
        column = self.random.choice(free)
        return {column.name: self._value(column, literals)}

    def _databases(self, view: View, count: int) -> Iterator[Example]:
        """Random rows in the tables that a view reads."""
        tables = [self.model.tables[name] for name in view.tables if name in self.model.tables]
        literals = self._constants_of(view.name, view.definitions)
        ordered = parents_first(self.model, tables)
        for number in range(count if tables else 0):
            planned = PlannedRows()
            for table in ordered:
                for _ in range(self.random.choice((0, 1, 1, 2, 2, 3))):
                    self._random_row(planned, table, literals, {})
            if planned.statements:
                statements = tuple(planned.statements)
                if number % 5 == 4 and (rows := planned.rows.get(ordered[0].name)):
                    key = ordered[0].primary
                    if key and all(c in rows[0] for c in key.indexed):
                        where = {c: rows[0][c] for c in key.indexed}
                        statements += (delete(ordered[0].name, where),)
                reads = tuple(dict.fromkeys((*self.reads(tables[0].name), view.name)))
                yield Example(view.name, "a small database", statements, reads)

    def _random_row(
        self, planned: PlannedRows, table: Table, literals: Literals, given: RowValues
    ) -> None:
        """Add a row with random values, many of them taken from existing rows."""
        fixed: RowValues = dict(given)
        for key in table.foreign_keys:
            parents = planned.rows.get(key.target)
            if any(column in given for column in key.columns):
                continue
            if parents and self.random.random() < REUSE_PARENT:
                parent = self.random.choice(parents)
                for name, referenced in zip(key.columns, key.referenced, strict=True):
                    if name in table.by_name and referenced in parent:
                        fixed.setdefault(name, parent[referenced])
        rows = planned.rows.get(table.name, ())
        for column in self._random_columns(table, literals):
            if column.name not in fixed and self.random.random() < 0.8:
                others = [row[column.name] for row in rows if column.name in row]
                again = others and self.random.random() < REUSE_VALUE
                value = self.random.choice(others) if again else self._value(column, literals)
                fixed[column.name] = value
        choice = self.random.choice((0, 0, 1, 2, self.random.randrange(200)))
        for values in (fixed, {}):
            try:
                wish = Wish(fixed=values, choice=choice, new_parents=True)
                self.builder.add(planned, table.name, wish)
            except CannotBuildError:
                continue
            return

    def _random_columns(self, table: Table, literals: Literals) -> list[Column]:
        """The columns that take random values: none in a CHECK or a key, unless it is compared."""
        memo = table.name, id(literals)
        if memo not in self._random_columns_of:
            held = {c for component in self.solver.components(table) for c in component.columns}
            held |= {c for key in table.foreign_keys for c in key.columns} - set(literals.compared)
            held |= set(table.primary.indexed if table.primary else ())
            free = [c for c in table.columns if not c.generated and c.name not in held]
            self._random_columns_of[memo] = free
        return self._random_columns_of[memo]

    def _value(self, column: Column, literals: Literals) -> str:
        if not column.not_null and self.random.random() < 0.15:
            return NULL
        memo = (column.name, column.type.name, id(literals))
        if memo not in self._pools:
            self._pools[memo] = candidates(column, literals)
        pool = self._pools[memo]
        if column.type.category == "D" and self.random.random() < 0.4:
            return "now()"
        if pool and self.random.random() < 0.8:
            with_numbers = [each for each in pool if JSON_WITH_NUMBER.search(each)]
            if with_numbers and self.random.random() < 0.8:
                return self.random.choice(with_numbers)
            return self.random.choice(pool)
        is_number = column.type.category == "N"
        number = self.random.choice((0 if is_number else 1, 1, 2, 3, 4, 5, 10, 50))
        sign = "-" if is_number and number and self.random.random() < 0.15 else ""
        return sign + fresh(column.type, number, column.name)

    def _example(self, subject: str, probe: str, planned: PlannedRows) -> Example:
        return Example(subject, probe, tuple(planned.statements), self.reads(subject))


def _is_open_ended(column: Column) -> bool:
    """Whether a column holds JSON, dates or numbers: too many values to combine."""
    return column.type.name in ("json", "jsonb") or column.type.category in "DN"


def _may_hold(table: Table, name: str, literals: Literals) -> bool:
    """Whether the constants of a trigger may be values of a column."""
    column = table.by_name[name]
    compared = name in literals.compared or name in literals.patterns
    return compared or (_is_open_ended(column) and column.type.category != "N")
