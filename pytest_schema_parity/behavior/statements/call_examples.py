"""Generate calls of functions and procedures, on databases with and without rows."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Final

from pytest_schema_parity.behavior.statements.boundaries import parents_first
from pytest_schema_parity.behavior.statements.builder import Builder
from pytest_schema_parity.behavior.statements.candidates import candidates
from pytest_schema_parity.behavior.statements.example import Example
from pytest_schema_parity.behavior.statements.fresh_values import fresh
from pytest_schema_parity.behavior.statements.generated_statement import NULL, GeneratedStatement
from pytest_schema_parity.behavior.statements.mentions import mentions
from pytest_schema_parity.behavior.statements.model import Column, Model, Routine, Table
from pytest_schema_parity.behavior.statements.planned_rows import CannotBuildError, Wish, World
from pytest_schema_parity.behavior.statements.solver import RowValues
from pytest_schema_parity.behavior.statements.sql_constants import mine_all
from pytest_schema_parity.behavior.statements.table_literals import called

CALLS: Final = 120
"""How many calls are tried of a routine that differs, on each of its databases."""
FEW: Final = 12
"""How many are tried of one that is the same on both sides."""
DATABASES: Final = 6
"""How many databases with rows are made for a routine that differs."""
POOL: Final = 40
"""How many values are tried of each argument."""
WRITING: Final = re.compile(r"\b(insert|update|delete|merge|truncate|execute|call|perform)\b", re.I)


class CallExamples:
    """Makes the examples that call routines; ``made`` counts them by the routine."""

    def __init__(
        self, model: Model, builder: Builder, everything: Callable[[], tuple[str, ...]], seed: int
    ) -> None:
        self.model = model
        self.builder = builder
        self.everything = everything
        self.random = random.Random(seed)  # noqa: S311 - a sample, no secret
        self.names = frozenset(routine.name for routine in model.routines)
        self.made: Counter[str] = Counter()

    def all(self) -> Iterator[Example]:
        """Calls of the routines that differ, then a few of the others."""
        for routine in sorted(self.model.routines, key=lambda each: not self._differs(each)):
            most = CALLS if self._differs(routine) else FEW
            texts = self._texts(routine)
            writes = any(map(WRITING.search, texts))
            reads = self.everything() if writes else ()
            for world in self._databases(routine, texts):
                for values in islice(self._arguments(routine, texts, world), most):
                    self.made[routine.name] += 1
                    statements = (*world.statements, call_of(routine, values))
                    yield Example(routine.name, "a call", statements, reads)

    def _differs(self, routine: Routine) -> bool:
        """Whether a routine differs, or one that it calls."""
        sides = [set(called(self.model, body)) - {body} for body in routine.bodies]
        return routine.differs or any(
            text not in self.model.functions[0].values()
            or text not in self.model.functions[1].values()
            for side in sides
            for text in side
        )

    def _texts(self, routine: Routine) -> list[str]:
        """The bodies of both sides, with those that they call."""
        return list(dict.fromkeys(t for body in routine.bodies for t in called(self.model, body)))

    def _databases(self, routine: Routine, texts: Sequence[str]) -> Iterator[World]:
        """An empty one; rows in the tables that the routine mentions, if it mentions any."""
        tables = [
            table
            for table in self.model.tables.values()
            if any(mentions(text, table.name.rpartition(".")[2]) for text in texts)
        ]
        if not tables:
            yield World()
            return
        literals = mine_all(texts)
        for at in range(DATABASES if self._differs(routine) else 1):
            world = World()
            for table in parents_first(self.model, tables):
                for _ in range(2 if at else 1):
                    self._add(world, table, {} if at == 0 else self._row(table, literals.compared))
            yield world
        yield World()

    def _row(self, table: Table, compared: dict[str, set[str]]) -> RowValues:
        """Some of the constants that a body compares the columns of a table with."""
        literals = mine_all(())
        literals.compared.update(compared)
        row: RowValues = {}
        for column in table.columns:
            pool = candidates(column, literals) if column.name in compared else []
            if pool and not column.generated and self.random.random() < 0.8:
                row[column.name] = self.random.choice(pool)
        return row

    def _add(self, world: World, table: Table, fixed: RowValues) -> None:
        for values in (fixed, {}):
            try:
                self.builder.add(world, table.name, Wish(fixed=values))
            except CannotBuildError:
                continue
            return

    def _arguments(
        self, routine: Routine, texts: Sequence[str], world: World
    ) -> Iterator[list[str]]:
        """Fresh values with NULL for each; each value of each by itself; then any of all."""
        pools = [self._pool(column, texts, world) for column in routine.arguments]
        if not pools:
            yield []
            return
        plain = [pool[0] for pool in pools]
        seen: set[tuple[str, ...]] = set()

        def new(values: list[str]) -> bool:
            before = len(seen)
            seen.add(tuple(values))
            return len(seen) > before

        first = [plain, [NULL] * len(pools)]
        for at, pool in enumerate(pools):
            first += [[*plain[:at], value, *plain[at + 1 :]] for value in (NULL, *pool)]
        yield from filter(new, first)
        for _ in range(CALLS if len(pools) > 1 else 0):
            values = [self.random.choice([*pool, NULL]) for pool in pools]
            if new(values):
                yield values

    def _pool(self, column: Column, texts: Sequence[str], world: World) -> list[str]:
        """A fresh value first, then those of rows with the same type, and constants."""
        literals = mine_all(texts)
        kind = column.type
        more = literals.numbers if kind.category == "N" else literals.strings
        found = [fresh(kind, 1, column.name)]
        for name, rows in world.rows.items():
            for other in self.model.tables[name].columns:
                if other.type.name == kind.name:
                    found += [row[other.name] for row in rows if other.name in row]
        found += candidates(column, literals, more=sorted(more))
        found += ["0", "-1"] if kind.category == "N" else ["''"] if kind.category == "S" else []
        return [each for each in dict.fromkeys(found) if each != NULL][:POOL]


def call_of(routine: Routine, values: Sequence[str]) -> GeneratedStatement:
    """A call with these arguments, cast where the name alone says not which routine it is."""
    kinds = [column.types[0].domain or column.types[0].name for column in routine.arguments]
    if routine.is_overloaded:
        values = [f"{value}::{kind}" for value, kind in zip(values, kinds, strict=True)]
    pairs = tuple((str(at), value) for at, value in enumerate(values, 1))
    return GeneratedStatement(kind="call", table=routine.name, text=routine.call, values=pairs)
