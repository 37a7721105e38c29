"""Which counterexamples of an earlier search this one could have made itself."""

from __future__ import annotations

from collections.abc import Callable, Collection

from pytest_schema_parity.behavior.statements.example import Example
from pytest_schema_parity.behavior.statements.generated_statement import GeneratedStatement
from pytest_schema_parity.behavior.statements.model import Model
from pytest_schema_parity.behavior.statements.role_statements import quoted_role


def known_filter(model: Model, roles: Collection[str]) -> Callable[[Example], bool]:
    """Whether a search of this model, as these roles, could make an example.

    An example is older than the settings and the trees: its role may be one that is no longer
    tried, its tables may be left out or have effects outside of the database, and its columns may
    be gone on one side, which is a difference of its own.
    """
    quoted = {quoted_role(role) for role in roles}
    routines = {routine.name: routine.call for routine in model.routines}

    def could_make(statement: GeneratedStatement) -> bool:
        match statement.kind:
            case "role":
                return True
            case "call":
                return routines.get(statement.table) == statement.text
            case "insert" | "update" | "delete" | "truncate":
                table = model.tables.get(statement.table)
                used = (column for column, _ in (*statement.values, *statement.where))
                return (
                    table is not None
                    and all(column in table.by_name for column in used)
                    and all(map(could_make, statement.along))
                )
        return False

    def could_be_made(example: Example) -> bool:
        role = example.role
        return (not role or role in quoted) and all(map(could_make, example.statements))

    return could_be_made
