"""Directed examples about foreign keys: without a parent, with one, and changes of the parent."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_schema_parity.behavior.statements.attempts import Attempts, Probe, copy_of, identifying
from pytest_schema_parity.behavior.statements.builder import insert_row
from pytest_schema_parity.behavior.statements.fresh_values import fresh
from pytest_schema_parity.behavior.statements.generated_statement import (
    NULL,
    delete,
    update,
)
from pytest_schema_parity.behavior.statements.model import Model, Table
from pytest_schema_parity.behavior.statements.planned_rows import Wish


class ForeignKeyProbes:
    """Makes the examples about the foreign keys of either side."""

    def __init__(self, model: Model, attempts: Attempts) -> None:
        self.model = model
        self.attempts = attempts

    def of(self, table: Table) -> Iterator[Probe]:
        """Rows that refer to no row, to a row, or to a row in all columns except one."""
        for key in table.foreign_keys:
            columns = [c for c in key.columns if c in table.by_name]
            if len(columns) != len(key.columns) or key.target not in self.model.tables:
                continue
            nowhere = {c: fresh(table.by_name[c].type, 90 + i, c) for i, c in enumerate(columns)}
            wish = Wish(fixed=nowhere, skip=key, required=frozenset(columns))
            if built := self.attempts.row(table, wish):
                yield "a foreign key to nothing", built[0].statements, True
            valid = self.attempts.row(table, Wish(required=frozenset(columns)))
            if valid is None:
                continue
            planned, row = valid
            yield "a foreign key to a row", planned.statements, False
            for column in columns:
                changed = {**row, column: nowhere[column]}
                statement = insert_row(table, changed)
                yield f"a foreign key but for {column}", [*planned.statements[:-1], statement], True
                others = {c: row[c] for c in columns if c != column}
                wish = Wish(fixed=others, skip=key, required=frozenset(columns), new_parents=True)
                if others and (second := self.attempts.row(table, wish, copy_of(planned))):
                    yield f"a foreign key but for {column}", second[0].statements, True
            for column in columns if len(columns) > 1 else ():
                if not table.by_name[column].not_null:
                    partial = {**row, **nowhere, column: NULL}
                    statement = insert_row(table, partial)
                    yield "part of a foreign key", [*planned.statements[:-1], statement], True

    def of_parents(self, table: Table) -> Iterator[Probe]:
        """Delete or change the row that a row refers to."""
        for key in table.foreign_keys:
            if (
                any(c not in table.by_name for c in key.columns)
                or key.target not in self.model.tables
            ):
                continue
            if not (built := self.attempts.row(table, Wish(required=frozenset(key.columns)))):
                continue
            planned, row = built
            target = self.model.tables[key.target]
            where = {r: row[c] for c, r in zip(key.columns, key.referenced, strict=True)}
            yield "delete the parent", [*planned.statements, delete(target.name, where)], False
            yield (
                "delete the row",
                [*planned.statements, delete(table.name, identifying(table, row))],
                False,
            )
            for referenced in key.referenced:
                if referenced in target.by_name:
                    other = fresh(target.by_name[referenced].type, 80, referenced)
                    change = update(target.name, {referenced: other}, where)
                    yield "change the parent's key", [*planned.statements, change], False
