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
from pytest_schema_parity.behavior.statements.planned_rows import (
    CannotBuildError,
    PlannedRows,
    Wish,
)
from pytest_schema_parity.behavior.statements.solver import RowValues
from pytest_schema_parity.behavior.statements.sql_constants import constants_of_all
from pytest_schema_parity.behavior.statements.table_literals import reachable_bodies

CALLS_IF_DIFFERENT: Final = 120
"""How many calls are tried of a routine that differs, after each set of rows."""
CALLS_IF_SAME: Final = 12
"""How many calls are tried of a routine that is the same on both sides."""
DATABASES: Final = 6
"""How many sets of rows are made for a routine that differs."""
MAX_VALUES: Final = 40
"""How many values are tried for each argument."""
WRITING_WORDS: Final = re.compile(
    r"\b(insert|update|delete|merge|truncate|execute|call|perform)\b", re.I
)


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
            most = CALLS_IF_DIFFERENT if self._differs(routine) else CALLS_IF_SAME
            texts = self._texts(routine)
            writes = any(map(WRITING_WORDS.search, texts))
            reads = self.everything() if writes else ()
            for planned in self._databases(routine, texts):
                for values in islice(self._arguments(routine, texts, planned), most):
                    self.made[routine.name] += 1
                    statements = (*planned.statements, call_of(routine, values))
                    yield Example(routine.name, "a call", statements, reads)

    def _differs(self, routine: Routine) -> bool:
        """Whether a routine, or one that it calls, differs."""
        sides = [set(reachable_bodies(self.model, body)) - {body} for body in routine.bodies]
        return routine.differs or any(
            text not in self.model.functions[0].values()
            or text not in self.model.functions[1].values()
            for side in sides
            for text in side
        )

    def _texts(self, routine: Routine) -> list[str]:
        """The bodies of a routine on both sides, and those of the functions that they call."""
        return list(
            dict.fromkeys(t for body in routine.bodies for t in reachable_bodies(self.model, body))
        )

    def _databases(self, routine: Routine, texts: Sequence[str]) -> Iterator[PlannedRows]:
        """Sets of rows in the tables that a routine mentions, and one without rows."""
        tables = [
            table
            for table in self.model.tables.values()
            if any(mentions(text, table.name.rpartition(".")[2]) for text in texts)
        ]
        if not tables:
            yield PlannedRows()
            return
        literals = constants_of_all(texts)
        for at in range(DATABASES if self._differs(routine) else 1):
            planned = PlannedRows()
            for table in parents_first(self.model, tables):
                for _ in range(2 if at else 1):
                    self._add_row(
                        planned,
                        table,
                        {} if at == 0 else self._constants_for_row(table, literals.compared),
                    )
            yield planned
        yield PlannedRows()

    def _constants_for_row(self, table: Table, compared: dict[str, set[str]]) -> RowValues:
        """Values for some columns of a table: constants that a body compares them with."""
        literals = constants_of_all(())
        literals.compared.update(compared)
        row: RowValues = {}
        for column in table.columns:
            pool = candidates(column, literals) if column.name in compared else []
            if pool and not column.generated and self.random.random() < 0.8:
                row[column.name] = self.random.choice(pool)
        return row

    def _add_row(self, planned: PlannedRows, table: Table, fixed: RowValues) -> None:
        for values in (fixed, {}):
            try:
                self.builder.add(planned, table.name, Wish(fixed=values))
            except CannotBuildError:
                continue
            return

    def _arguments(
        self, routine: Routine, texts: Sequence[str], planned: PlannedRows
    ) -> Iterator[list[str]]:
        """Lists of arguments: one value changed at a time, also to NULL; then random ones."""
        pools = [self._pool(column, texts, planned) for column in routine.arguments]
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
        for _ in range(CALLS_IF_DIFFERENT if len(pools) > 1 else 0):
            values = [self.random.choice([*pool, NULL]) for pool in pools]
            if new(values):
                yield values

    def _pool(self, column: Column, texts: Sequence[str], planned: PlannedRows) -> list[str]:
        """Values of an argument: a fresh one, those of rows with the same type, and constants."""
        literals = constants_of_all(texts)
        kind = column.type
        more = literals.numbers if kind.category == "N" else literals.strings
        found = [fresh(kind, 1, column.name)]
        for name, rows in planned.rows.items():
            for other in self.model.tables[name].columns:
                if other.type.name == kind.name:
                    found += [row[other.name] for row in rows if other.name in row]
        found += candidates(column, literals, more=sorted(more))
        found += ["0", "-1"] if kind.category == "N" else ["''"] if kind.category == "S" else []
        return [each for each in dict.fromkeys(found) if each != NULL][:MAX_VALUES]


def call_of(routine: Routine, values: Sequence[str]) -> GeneratedStatement:
    """A call with these arguments, cast where the name alone says not which routine it is."""
    kinds = [column.types[0].domain or column.types[0].name for column in routine.arguments]
    if routine.is_overloaded:
        values = [f"{value}::{kind}" for value, kind in zip(values, kinds, strict=True)]
    pairs = tuple((str(at), value) for at, value in enumerate(values, 1))
    return GeneratedStatement(kind="call", table=routine.name, text=routine.call, values=pairs)
