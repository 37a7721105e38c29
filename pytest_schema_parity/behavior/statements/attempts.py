"""Build the rows of directed examples; note why none could be built."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from pytest_schema_parity.behavior.statements.builder import Builder, insert_row
from pytest_schema_parity.behavior.statements.generated_statement import (
    GeneratedStatement,
)
from pytest_schema_parity.behavior.statements.model import Table, UniqueKey
from pytest_schema_parity.behavior.statements.planned_rows import (
    CannotBuildError,
    PlannedRows,
    Wish,
)
from pytest_schema_parity.behavior.statements.solver import RowValues

Probe: TypeAlias = tuple[str, list[GeneratedStatement], bool]
"""A directed example: a description, the statements, and whether the last breaks one rule only."""


class Attempts:
    """Builds rows for directed examples; ``failures`` are the reasons if none can be, by table."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.failures: dict[str, str] = {}

    def row(
        self, table: Table, wish: Wish, planned: PlannedRows | None = None
    ) -> tuple[PlannedRows, RowValues] | None:
        """Add a row that fulfils a wish to planned rows; None if none could be built."""
        planned = PlannedRows() if planned is None else planned
        try:
            return planned, self.builder.add(planned, table.name, wish)
        except CannotBuildError as error:
            self.failures.setdefault(table.name, str(error))
            return None

    def fixed(
        self, table: Table, probe: str, values: Mapping[str, str], *, single: bool = True
    ) -> Iterator[Probe]:
        """A row with some given ``values``, valid if possible."""
        built = self.row(table, Wish(fixed=values))
        if built:
            yield probe, built[0].statements, single
            return
        if base := self.row(table, Wish()):
            planned, row = base
            changed = {**row, **values}
            yield probe, [*planned.statements[:-1], insert_row(table, changed, values)], single

    def second(
        self,
        table: Table,
        probe: str,
        planned: PlannedRows,
        fixed: RowValues,
        key: UniqueKey,
        required: Iterable[str] = (),
    ) -> Iterator[Probe]:
        """A second row after planned ones; ``fixed`` values may repeat those of a ``key``."""
        copy = copy_of(planned)
        wish = Wish(fixed=fixed, required=frozenset(required), repeat=key, new_parents=True)
        if built := self.row(table, wish, copy):
            yield probe, built[0].statements, True


def copy_of(planned: PlannedRows) -> PlannedRows:
    """The same rows and statements, to which more can be added."""
    rows = {table: list(rows) for table, rows in planned.rows.items()}
    return PlannedRows(rows, list(planned.statements), dict(planned.numbers))


def identifying(table: Table, row: RowValues) -> RowValues:
    """The values of the primary key of a row; empty if the table has no such key."""
    if table.primary is None:
        return {}
    return {c: row[c] for c in table.primary.indexed if c in row}
