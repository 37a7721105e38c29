"""A Hypothesis strategy of rows that the rules of two databases accept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_schema_parity.behavior.statements.candidates import candidates
from pytest_schema_parity.behavior.statements.counterexample import ANY_BUDGET
from pytest_schema_parity.behavior.statements.example_source import ExampleSource
from pytest_schema_parity.behavior.statements.fresh_values import fresh
from pytest_schema_parity.behavior.statements.planned_rows import (
    CannotBuildError,
    PlannedRows,
    Wish,
)

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from pytest_schema_parity.behavior.statements.runner import Runner

NUMBERS = range(1, 21)
"""The numbers of the fresh values for each column, beside the constants of the schema."""
CHOICES = 200
"""How many valid combinations of values the strategy chooses from."""


def rows_of(runner: Runner, table: str) -> SearchStrategy[tuple[str, ...]]:
    """Statements that insert a row into a table, with the rows that it refers to.

    Both databases of the runner, which must stay open, accept nearly all of them: only rules in
    triggers are unknown.  Raises KeyError if not both have the table.
    """
    from hypothesis import strategies as st

    source = ExampleSource(runner, (), ANY_BUDGET.examples, 0)
    model, builder = source.model, source.builder
    if table not in model.tables:
        raise KeyError(f"there is no table {table!r}; there are {', '.join(model.tables)}")
    known = model.tables[table]
    held = {column for component in source.solver.components(known) for column in component.columns}
    held |= {name for key in known.foreign_keys for name in key.columns}
    free = [c for c in known.columns if not c.generated and c.name not in held]
    literals = source.solver.literals[table]
    pools = {
        column.name: st.sampled_from(
            list(
                dict.fromkeys(
                    [fresh(column.type, n, column.name) for n in NUMBERS]
                    + candidates(column, literals)
                )
            )
        )
        for column in free
    }

    def statements(choice: int, fixed: dict[str, str]) -> tuple[str, ...]:
        """The INSERTs of a row, with these values if possible; raises CannotBuildError."""
        for values in (fixed, {}):
            planned = PlannedRows()
            try:
                builder.add(planned, table, Wish(fixed=values, choice=choice))
            except CannotBuildError:
                continue
            return tuple(f"{statement.sql};" for statement in planned.statements)
        raise CannotBuildError(
            f"no row of {table} was found that fulfils the rules of both databases"
        )

    return st.builds(
        statements,
        choice=st.integers(0, CHOICES),
        fixed=st.fixed_dictionaries({}, optional=pools),
    )
