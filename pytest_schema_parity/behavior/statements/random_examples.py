"""Generate random examples: rows for triggers, short histories, small databases for views."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice, product
from types import MappingProxyType
from typing import Final

from pytest_schema_parity.behavior.statements.boundaries import Boundaries, parents_first
from pytest_schema_parity.behavior.statements.builder import Builder
from pytest_schema_parity.behavior.statements.candidates import candidates
from pytest_schema_parity.behavior.statements.example import Example
from pytest_schema_parity.behavior.statements.fresh_values import fresh
from pytest_schema_parity.behavior.statements.generated_statement import NULL, delete, update
from pytest_schema_parity.behavior.statements.model import BOTH, Column, Model, Table, View
from pytest_schema_parity.behavior.statements.planned_rows import CannotBuildError, Wish, World
from pytest_schema_parity.behavior.statements.solver import RowValues, Solver
from pytest_schema_parity.behavior.statements.sql_constants import Literals, mine_all

GATES: Final = 24
"""How many combinations of values for the conditions of triggers are tried."""
ROWS: Final = 600
HISTORIES: Final = 1_500
DATABASES: Final = 300
FEW: Final = 40
"""How many examples are tried of triggers and views that have the same text on both sides."""
OPENED: Final = 0.85
"""The share of histories in which all rows pass the conditions of the triggers."""
COUNTED: Final = re.compile(r"^'{\"\w+\": \"?\d+\"?}'$")
"""A JSON document with one number."""
AGAIN: Final = 0.25
"""How often a column takes a value of another row."""
NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
SHARED: Final = 0.75
"""How often a row takes the values of an existing one."""


class Histories:
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
        self._drawn_of: dict[tuple[str, int], list[Column]] = {}
        self._mined: dict[str, Literals] = {}

    def all(self, order: Sequence[str]) -> Iterator[Example]:
        """Examples for triggers and views that differ, then a few for those that do not.

        Of a view that differs, the values at the boundaries of its conditions come first.
        """
        tables = [self.model.tables[name] for name in order if self.model.tables[name].triggers]
        views = list(self.model.views.values())
        for table in tables:
            if self._differ(table):
                yield from self._trigger_rows(table, ROWS)
        for view in views:
            if view.differs:
                yield from self.boundaries.of(view)
                yield from self.boundaries.twice(view)
        for view in views:
            if view.differs:
                yield from self._databases(view, DATABASES)
        for table in tables:
            if self._differ(table):
                yield from self._histories(table, HISTORIES)
        for table in tables:
            if not self._differ(table):
                yield from self._trigger_rows(table, FEW)
                yield from self._histories(table, FEW)
        for view in views:
            if not view.differs:
                yield from self._databases(view, FEW)

    def _differ(self, table: Table) -> bool:
        return any(sides != BOTH for sides in table.triggers.values())

    def _of_triggers(self, table: Table) -> Literals:
        triggers = table.triggers
        return self._of(table.name, [t for each in triggers for t in (each.definition, each.body)])

    def _of(self, name: str, texts: Sequence[str]) -> Literals:
        """The constants of a table's triggers or a view's definitions."""
        if name not in self._mined:
            self._mined[name] = mine_all(texts)
        return self._mined[name]

    def _trigger_rows(self, table: Table, most: int) -> Iterator[Example]:
        """Rows with constants of the triggers' bodies: all gates and one other column at a time."""
        literals = self._of_triggers(table)
        for values in islice(self._combinations(table, literals), most):
            world = World()
            try:
                self.builder.add(world, table.name, Wish(fixed=values))
            except CannotBuildError:
                continue
            yield self._example(table.name, "values for the triggers", world)

    def _combinations(self, table: Table, literals: Literals) -> Iterator[RowValues]:
        pools = {
            column.name: candidates(column, literals)
            for column in table.columns
            if not column.generated
        }
        gates, opened = self._gates(table, literals, pools)
        yield from opened
        others = {
            n: p for n, p in pools.items() if n not in gates and _worth(table.by_name[n], literals)
        }
        for at in range(max(map(len, others.values()), default=0)):
            for name, pool in others.items():
                if at < len(pool):
                    for gate in opened:
                        yield {**gate, name: pool[at]}

    def _gates(
        self, table: Table, literals: Literals, pools: Mapping[str, list[str]]
    ) -> tuple[list[str], list[RowValues]]:
        """The gates (columns that triggers compare with constants), and values for all of them."""
        gates = [
            name
            for name in literals.compared
            if name in pools and pools[name] and not _is_open(table.by_name[name])
        ]
        lists = [pools[name][:6] for name in sorted(gates)]
        opened = [dict(zip(sorted(gates), values, strict=True)) for values in product(*lists)]
        if len(opened) > GATES:
            opened = self.random.sample(opened, GATES)
        return gates, opened

    def _histories(self, table: Table, count: int) -> Iterator[Example]:
        literals = self._of_triggers(table)
        columns = [column for column in table.columns if not column.generated]
        pools = {column.name: candidates(column, literals) for column in columns}
        _, opened = self._gates(table, literals, pools)
        for _ in range(count):
            world = World()
            gate = self.random.choice(opened) if self.random.random() < OPENED else {}
            for _ in range(self.random.choice((2, 2, 3))):
                self._random_row(world, table, literals, gate)
            rows = world.rows.get(table.name, [])
            if rows and table.primary and self.random.random() < 0.4:
                row = self.random.choice(rows)
                where = {c: row[c] for c in table.primary.indexed if c in row}
                if change := self._random_change(table, literals):
                    world.statements.append(update(table.name, change, where))
            if world.statements:
                yield self._example(table.name, "a short history", world)

    def _random_change(self, table: Table, literals: Literals) -> RowValues:
        referring = {name for key in table.foreign_keys for name in key.columns}
        free = [c for c in table.columns if not c.generated and c.name not in referring]
        if not free:
            return {}
        column = self.random.choice(free)
        return {column.name: self._value(column, literals)}

    def _databases(self, view: View, count: int) -> Iterator[Example]:
        """Small databases of the tables that a view reads."""
        tables = [self.model.tables[name] for name in view.tables if name in self.model.tables]
        literals = self._of(view.name, view.definitions)
        ordered = parents_first(self.model, tables)
        for number in range(count if tables else 0):
            world = World()
            for table in ordered:
                for _ in range(self.random.choice((0, 1, 1, 2, 2, 3))):
                    self._random_row(world, table, literals)
            if world.statements:
                statements = tuple(world.statements)
                if number % 5 == 4 and (rows := world.rows.get(ordered[0].name)):
                    key = ordered[0].primary
                    if key and all(c in rows[0] for c in key.indexed):
                        where = {c: rows[0][c] for c in key.indexed}
                        statements += (delete(ordered[0].name, where),)
                reads = (*self.reads(tables[0].name), view.name)
                yield Example(
                    view.name, "a small database", statements, tuple(dict.fromkeys(reads))
                )

    def _random_row(
        self, world: World, table: Table, literals: Literals, gate: Mapping[str, str] = NOTHING
    ) -> None:
        """Add a row with random values, many of them taken from existing rows."""
        fixed: RowValues = dict(gate)
        for key in table.foreign_keys:
            parents = world.rows.get(key.target)
            if any(column in gate for column in key.columns):
                continue
            if parents and self.random.random() < SHARED:
                parent = self.random.choice(parents)
                for name, referenced in zip(key.columns, key.referenced, strict=True):
                    if name in table.by_name and referenced in parent:
                        fixed.setdefault(name, parent[referenced])
        rows = world.rows.get(table.name, ())
        for column in self._drawn(table, literals):
            if column.name not in fixed and self.random.random() < 0.8:
                others = [row[column.name] for row in rows if column.name in row]
                again = others and self.random.random() < AGAIN
                value = self.random.choice(others) if again else self._value(column, literals)
                fixed[column.name] = value
        choice = self.random.choice((0, 0, 1, 2, self.random.randrange(200)))
        for values in (fixed, {}):
            try:
                self.builder.add(
                    world, table.name, Wish(fixed=values, choice=choice, new_parents=True)
                )
            except CannotBuildError:
                continue
            return

    def _drawn(self, table: Table, literals: Literals) -> list[Column]:
        """The columns that take random values: no keys, none that conditions tie together."""
        memo = table.name, id(literals)
        if memo not in self._drawn_of:
            held = {c for component in self.solver.components(table) for c in component.columns}
            held |= {c for key in table.foreign_keys for c in key.columns} - set(literals.compared)
            held |= set(table.primary.indexed if table.primary else ())
            free = [c for c in table.columns if not c.generated and c.name not in held]
            self._drawn_of[memo] = free
        return self._drawn_of[memo]

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
            counted = [each for each in pool if COUNTED.search(each)]
            if counted and self.random.random() < 0.8:
                return self.random.choice(counted)
            return self.random.choice(pool)
        is_number = column.type.category == "N"
        number = self.random.choice((0 if is_number else 1, 1, 2, 3, 4, 5, 10, 50))
        sign = "-" if is_number and number and self.random.random() < 0.15 else ""
        return sign + fresh(column.type, number, column.name)

    def _example(self, subject: str, probe: str, world: World) -> Example:
        return Example(subject, probe, tuple(world.statements), self.reads(subject))


def _is_open(column: Column) -> bool:
    return column.type.name in ("json", "jsonb") or column.type.category in "DN"


def _worth(column: Column, literals: Literals) -> bool:
    """Whether constants of a trigger may be values of a column."""
    compared = column.name in literals.compared or column.name in literals.patterns
    return compared or (_is_open(column) and column.type.category != "N")
