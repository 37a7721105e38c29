"""Generate directed examples: a valid row, then one rule of either side just broken or met."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from pytest_schema_parity.behavior.statements.attempts import Attempts, Probe, copy_of, identifying
from pytest_schema_parity.behavior.statements.builder import Builder
from pytest_schema_parity.behavior.statements.candidates import candidates
from pytest_schema_parity.behavior.statements.example import Example
from pytest_schema_parity.behavior.statements.foreign_key_probes import ForeignKeyProbes
from pytest_schema_parity.behavior.statements.fresh_values import fresh
from pytest_schema_parity.behavior.statements.generated_statement import (
    NULL,
    GeneratedStatement,
    delete,
    literal,
    update,
)
from pytest_schema_parity.behavior.statements.key_probes import KeyProbes
from pytest_schema_parity.behavior.statements.model import Column, Model, Table
from pytest_schema_parity.behavior.statements.planned_rows import Wish
from pytest_schema_parity.behavior.statements.solver import Solver

MAX_TRUTHS: Final = 24
"""How many combinations of truths of the conditions of one component are tried."""
MAX_DISAGREEING: Final = 6
"""How many combinations of values that only one side accepts are tried."""
TRUNCATE_TRIGGER: Final = re.compile(r"^CREATE (CONSTRAINT )?TRIGGER .*? TRUNCATE\b.*? ON ")
"""Matches the definition of a trigger on TRUNCATE."""


class DirectedExamples:
    """Makes the directed examples of each table."""

    def __init__(
        self,
        model: Model,
        builder: Builder,
        solver: Solver,
        reads: Callable[[str], tuple[str, ...]],
    ) -> None:
        self.model = model
        self.solver = solver
        self.reads = reads
        self.attempts = Attempts(builder)
        self.keys = KeyProbes(solver, self.attempts)
        self.foreign_keys = ForeignKeyProbes(model, self.attempts)

    def of(self, name: str) -> Iterator[Example]:
        """The examples of one table, beginning with a valid row."""
        table = self.model.tables[name]
        sources = (
            self._valid, self._conditions, self.keys.of, self.foreign_keys.of,
            self.foreign_keys.of_parents,
            self._types, self._identities, self._null, self._defaults, self._changes,
            self._truncations,
        )  # fmt: skip
        seen: set[tuple[GeneratedStatement, ...]] = set()
        for source in sources:
            for probe, built, single in source(table):
                statements = tuple(built)
                if statements not in seen:
                    seen.add(statements)
                    yield Example(name, probe, statements, self.reads(name), single)

    def _valid(self, table: Table) -> Iterator[Probe]:
        for choice in range(3):
            if built := self.attempts.row(table, Wish(choice=choice)):
                yield "a valid row", built[0].statements, False
        everything = frozenset(column.name for column in table.columns if not column.generated)
        if built := self.attempts.row(table, Wish(required=everything)):
            yield "a valid row", built[0].statements, False

    def _null(self, table: Table) -> Iterator[Probe]:
        for column in table.columns:
            if not column.generated:
                yield from self.attempts.fixed(table, f"NULL in {column.name}", {column.name: NULL})

    def _conditions(self, table: Table) -> Iterator[Probe]:
        for component in self.solver.components(table):
            tuples = self.solver.evaluations(table, component)
            differing = [t for t in tuples if t.valid[0] != t.valid[1]][:MAX_DISAGREEING]
            by_truth = {t.truths: t for t in reversed(tuples)}
            chosen = [*differing, *list(by_truth.values())[:MAX_TRUTHS]]
            for each in chosen:
                settable = {c: v for c, v in each.values.items() if not table.by_name[c].generated}
                yield from self.attempts.fixed(
                    table, "values for the checks", settable, single=False
                )

    def _defaults(self, table: Table) -> Iterator[Probe]:
        for column in table.columns:
            if column.generated and len(column.generated) == 2:
                continue
            wish = Wish(omit=frozenset({column.name}))
            if first := self.attempts.row(table, wish):
                yield f"no {column.name}", first[0].statements, True
                if column.has_default and (
                    second := self.attempts.row(table, wish, copy_of(first[0]))
                ):
                    yield f"no {column.name}, twice", second[0].statements, False

    def _types(self, table: Table) -> Iterator[Probe]:
        for column in table.columns:
            if column.types[0] != column.types[1]:
                for value in _limits(column):
                    yield from self.attempts.fixed(
                        table, f"a limit of {column.name}", {column.name: value}
                    )

    def _identities(self, table: Table) -> Iterator[Probe]:
        for column in table.columns:
            if not any(column.identities) and len(column.generated) != 1:
                continue
            if built := self.attempts.row(table, Wish(required=frozenset({column.name}))):
                statements = [*built[0].statements]
                values = dict(statements[-1].values)
                values.setdefault(column.name, fresh(column.type, 1, column.name))
                plain = replace(statements[-1], overriding=False, values=tuple(values.items()))
                yield "an explicit identity", [*statements[:-1], plain], True

    def _changes(self, table: Table) -> Iterator[Probe]:
        """UPDATE each column, DELETE, and INSERT … ON CONFLICT."""
        built = self.attempts.row(table, Wish())
        if built is None:
            return
        planned, row = built
        where = identifying(table, row)
        yield "delete", [*planned.statements, delete(table.name, where)], False
        referring = {c for key in table.foreign_keys for c in key.columns}
        for column in table.columns:
            if len(column.generated) == 2 or column.name in referring:
                continue
            literals = self.solver.literals[table.name]
            suggested = candidates(column, literals)[:4]
            for value in dict.fromkeys([fresh(column.type, 70, column.name), *suggested]):
                if value != row.get(column.name):
                    change = update(table.name, {column.name: value}, where)
                    yield f"change {column.name}", [*planned.statements, change], False
            if not column.not_null:
                change = update(table.name, {column.name: NULL}, where)
                yield f"change {column.name}", [*planned.statements, change], False
        for key in table.keys:
            if key.indexed == key.parts and not key.predicate and not key.exclusion:
                suffix = f" ON CONFLICT ({', '.join(key.indexed)}) DO NOTHING"
                again = replace(planned.statements[-1], suffix=suffix)
                yield "upsert", [*planned.statements, again], False

    def _truncations(self, table: Table) -> Iterator[Probe]:
        """A valid row and TRUNCATE … CASCADE, if either side has a TRUNCATE trigger."""
        has_truncate_trigger = any(
            TRUNCATE_TRIGGER.search(trigger.definition) for trigger in table.triggers
        )
        if has_truncate_trigger and (built := self.attempts.row(table, Wish())):
            truncate = GeneratedStatement(kind="truncate", table=table.name, suffix=" CASCADE")
            yield "truncate", [*built[0].statements, truncate], False


def _limits(column: Column) -> list[str]:
    """Values near the limits of the two types: lengths, digits, numbers, labels of enums."""
    names = [kind.name for kind in column.types]
    found: list[str] = []
    sizes = {int(n) for name in names for n in _modifiers(name)}
    if column.type.category == "S":
        for size in sorted(sizes):
            found += [literal("x" * n) for n in (size - 1, size, size + 1) if n > 0]
        found += [literal("x "), literal("x" * 300)]
    if column.type.category == "N" or column.types[1].category == "N":
        found += ["32768", "2147483648", "1.5", "-1", "1e20", "0.123456789"]
        for size in sorted(sizes):
            found += [str(10**n) for n in (size - 1, size) if n >= 0]
    for kind in column.types:
        found += [literal(label) for label in kind.labels]
        found.append(fresh(kind, 1, column.name))
    if column.type.category == "D":
        found += ["'2024-01-01 12:34:56.789012'", "'2024-01-01 12:34:56+02'"]
    return list(dict.fromkeys(found))


def _modifiers(name: str) -> list[str]:
    """The numbers in a type's modifiers: ``10`` and ``2`` of ``numeric(10,2)``."""
    inside = name.partition("(")[2].partition(")")[0]
    return [part for part in inside.split(",") if part.lstrip("-").isdigit() and part]
