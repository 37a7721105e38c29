"""Try to build the rows of directed examples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from pytest_schema_parity.behavior.statements.builder import Builder, insert_row
from pytest_schema_parity.behavior.statements.generated_statement import (
    GeneratedStatement,
)
from pytest_schema_parity.behavior.statements.model import Table, UniqueKey
from pytest_schema_parity.behavior.statements.planned_rows import CannotBuildError, Wish, World
from pytest_schema_parity.behavior.statements.solver import RowValues

Probe: TypeAlias = tuple[str, list[GeneratedStatement], bool]
"""A description, the statements, and whether the last row breaks one rule only."""


class Attempts:
    """Builds rows for probes; ``failures`` are why none could be built, by table."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.failures: dict[str, str] = {}

    def row(
        self, table: Table, wish: Wish, world: World | None = None
    ) -> tuple[World, RowValues] | None:
        """A row as wished for, added to a world; None where none can be built."""
        world = World() if world is None else world
        try:
            return world, self.builder.add(world, table.name, wish)
        except CannotBuildError as error:
            self.failures.setdefault(table.name, str(error))
            return None

    def fixed(
        self, table: Table, probe: str, values: Mapping[str, str], *, single: bool = True
    ) -> Iterator[Probe]:
        """A valid row with some columns replaced."""
        built = self.row(table, Wish(fixed=values))
        if built:
            yield probe, built[0].statements, single
            return
        if base := self.row(table, Wish()):
            world, row = base
            changed = {**row, **values}
            yield probe, [*world.statements[:-1], insert_row(table, changed, values)], single

    def second(
        self,
        table: Table,
        probe: str,
        world: World,
        fixed: RowValues,
        key: UniqueKey,
        required: Iterable[str] = (),
    ) -> Iterator[Probe]:
        """A second row beside an existing one, with some of its values."""
        copy = copy_of(world)
        wish = Wish(fixed=fixed, required=frozenset(required), repeat=key, new_parents=True)
        if built := self.row(table, wish, copy):
            yield probe, built[0].statements, True


def copy_of(world: World) -> World:
    """The same rows and statements, to which more can be added."""
    rows = {table: list(rows) for table, rows in world.rows.items()}
    return World(rows, list(world.statements), dict(world.numbers))


def identifying(table: Table, row: RowValues) -> RowValues:
    """The values that identify a row: those of its primary key; empty where there is none."""
    if table.primary is None:
        return {}
    return {c: row[c] for c in table.primary.indexed if c in row}
