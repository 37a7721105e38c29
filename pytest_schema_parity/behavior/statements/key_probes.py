"""Directed examples about keys: duplicates, also except in one column, and with NULL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pytest_schema_parity.behavior.statements.attempts import Attempts, Probe
from pytest_schema_parity.behavior.statements.generated_statement import (
    NULL,
    literal,
)
from pytest_schema_parity.behavior.statements.model import Table, UniqueKey
from pytest_schema_parity.behavior.statements.planned_rows import PlannedRows, Wish
from pytest_schema_parity.behavior.statements.solver import RowValues, Solver

PREDICATES: Final = 6
"""How many combinations of values are tried for a partial index."""


class KeyProbes:
    """Makes the examples about the unique keys and exclusion constraints of either side."""

    def __init__(self, solver: Solver, attempts: Attempts) -> None:
        self.solver = solver
        self.attempts = attempts

    def of(self, table: Table) -> Iterator[Probe]:
        """The examples about all keys of a table."""
        for key in table.keys:
            columns = [c for c in key.columns if c in table.by_name]
            for base in self._predicates(table, key):
                yield from self._duplicates(table, key, columns, base)

    def _predicates(self, table: Table, key: UniqueKey) -> Iterator[RowValues]:
        """Values for a partial index's predicate: some that fulfil it, one that does not."""
        yield {}
        for component in self.solver.components(table):
            if not any(predicate.expression == key.predicate for predicate in component.predicates):
                continue
            held = [c for c in component.columns if c not in key.indexed]
            chosen: dict[tuple[str, ...], None] = {}
            truths: set[tuple[bool | None, ...]] = set()
            for each in self.solver.evaluations(table, component):
                if all(each.valid) and (True in each.truths or each.truths not in truths):
                    truths.add(each.truths)
                    chosen[tuple(each.values[c] for c in held)] = None
            for values in list(chosen)[:PREDICATES]:
                yield dict(zip(held, values, strict=True))

    def _duplicates(
        self, table: Table, key: UniqueKey, columns: list[str], base: RowValues
    ) -> Iterator[Probe]:
        indexed = [
            c for c in key.columns if c in table.by_name and (c in key.indexed or not key.indexed)
        ]
        first = self.attempts.row(table, Wish(fixed=base, required=frozenset(columns)))
        if first is None:
            return
        planned, row = first
        same = {c: row[c] for c in indexed if c in row and not table.by_name[c].generated}
        yield from self.attempts.second(table, "a duplicate key", planned, {**base, **same}, key)
        for left_out in same if len(same) > 1 else ():
            others = {c: v for c, v in same.items() if c != left_out}
            probe = f"a duplicate key but for {left_out}"
            yield from self.attempts.second(
                table, probe, planned, {**base, **others}, key, (left_out,)
            )
        for column in same:
            if not table.by_name[column].not_null:
                yield from self._nulls(table, key, column, base)
        if key.indexed != key.parts or key.exclusion:
            yield from self._variants(table, key, planned, base, same)

    def _nulls(self, table: Table, key: UniqueKey, column: str, base: RowValues) -> Iterator[Probe]:
        fixed = {**base, column: NULL}
        others = frozenset(c for c in key.indexed if c != column and c in table.by_name)
        if first := self.attempts.row(table, Wish(fixed=fixed, required=others)):
            planned, row = first
            same = {c: row[c] for c in key.indexed if c in row}
            yield from self.attempts.second(
                table, "a duplicate key with NULL", planned, {**base, **same}, key
            )

    def _variants(
        self, table: Table, key: UniqueKey, planned: PlannedRows, base: RowValues, same: RowValues
    ) -> Iterator[Probe]:
        """Other values that a key may treat as the same: other case, blanks, overlapping ranges."""
        for column, value in same.items():
            inner = value[1:-1] if value.startswith("'") else ""
            for variant in map(literal, (inner.upper(), f" {inner}", f"{inner} ")):
                if inner and variant != value and table.by_name[column].type.category == "S":
                    changed = {**base, **same, column: variant}
                    yield from self.attempts.second(
                        table, "a key in another spelling", planned, changed, key
                    )
