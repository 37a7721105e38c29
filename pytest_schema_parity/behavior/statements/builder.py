"""Build rows that the rules of both sides accept, with the rows that they refer to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from pytest_schema_parity.behavior.statements.fresh_values import fresh
from pytest_schema_parity.behavior.statements.generated_statement import (
    NULL,
    GeneratedStatement,
    insert,
)
from pytest_schema_parity.behavior.statements.joined_columns import joined_columns
from pytest_schema_parity.behavior.statements.model import (
    Column,
    ForeignKey,
    Model,
    Table,
    UniqueKey,
)
from pytest_schema_parity.behavior.statements.planned_rows import (
    ANY,
    CannotBuildError,
    PlannedRows,
    Wish,
)
from pytest_schema_parity.behavior.statements.solver import RowValues, Solver
from pytest_schema_parity.behavior.statements.unsolved_conditions import unsolved_message

ATTEMPTS: Final = 8
"""How often a row is tried, each time with other values."""
DEEPEST: Final = 40
"""How deep a chain of referenced rows may be."""


class Builder:
    """Builds rows for the tables of a model."""

    def __init__(self, model: Model, solver: Solver) -> None:
        self.model = model
        self.solver = solver
        self._classes = joined_columns(model)

    def add(self, planned: PlannedRows, table: str, wish: Wish = ANY) -> RowValues:
        """Add a row, and the rows that it refers to; return the row.  Raises CannotBuildError."""
        planned.fresh = {} if wish.new_parents else None
        return self._build(planned, self.model.tables[table], wish, ())

    def _build(
        self, planned: PlannedRows, table: Table, wish: Wish, path: tuple[str, ...]
    ) -> RowValues:
        if len(path) > DEEPEST or path.count(table.name) > 1:
            raise CannotBuildError(f"{table.name}: its foreign keys form a cycle")
        failure = CannotBuildError(f"{table.name}: no values found for its keys")
        for attempt in range(ATTEMPTS):
            mark = planned.mark()
            if attempt:
                planned.fresh = {}
            planned.building.append((table.name, dict(wish.fixed)))
            try:
                row = self._row(planned, table, wish, path, attempt)
                if not self._taken(planned, table, row, wish.repeat):
                    self._insert(planned, table, row, wish)
                    return row
            except CannotBuildError as error:
                failure = error
            finally:
                planned.building.pop()
            planned.back(mark)
        raise failure

    def _row(
        self, planned: PlannedRows, table: Table, wish: Wish, path: tuple[str, ...], attempt: int
    ) -> RowValues:
        row = planned.building[-1][1]
        self._conditions(planned, table, wish, row, attempt)
        own: list[tuple[str, str]] = []
        waiting = list(table.foreign_keys)
        while waiting:
            key = waiting[0] if len(waiting) == 1 else _most_given(waiting, row)
            waiting.remove(key)
            self._reference(planned, table, key, wish, row, path, own)
        for column in table.columns:
            if column.name in row or column.name in wish.omit or column.generated:
                continue
            if self._leave_out(column, wish):
                row[column.name] = NULL
                continue
            row[column.name] = self._fresh(planned, table, column)
        for column_name, referenced in own:
            row[column_name] = row.get(referenced, NULL)
        return {c.name: row[c.name] for c in table.columns if c.name in row}

    def _conditions(
        self, planned: PlannedRows, table: Table, wish: Wish, row: RowValues, attempt: int
    ) -> None:
        """Set the columns of CHECKs to values that both sides accept.  Raises CannotBuildError."""
        for component in self.solver.components(table):
            free = [c for c in component.columns if c not in row and c not in wish.omit]
            free = [c for c in free if not table.by_name[c].generated]
            if not free:
                continue
            found = self.solver.accepted_values(table, component, row)
            found = [
                values
                for values in found
                if not any(values[c] == NULL for c in component.columns if c in wish.required)
            ]
            if not found:
                raise CannotBuildError(f"{table.name}: {unsolved_message(component)}")
            if planned.rows.get(table.name):
                found = self._untaken_first(planned, table, found)
            values = found[(wish.choice + attempt) % len(found)]
            row.update({column: values[column] for column in free})

    def _untaken_first(
        self, planned: PlannedRows, table: Table, found: list[RowValues]
    ) -> list[RowValues]:
        """Sort combinations of values: those with values that already are in a key come last."""
        keyed = {column for key in table.keys for column in key.indexed}
        held = [
            {row.get(column) for row in planned.rows[table.name]} if column in keyed else set()
            for column in found[0]
        ]
        return sorted(
            found,
            key=lambda values: sum(v in h for v, h in zip(values.values(), held, strict=True)),
        )

    def _reference(
        self,
        planned: PlannedRows,
        table: Table,
        key: ForeignKey,
        wish: Wish,
        row: RowValues,
        path: tuple[str, ...],
        own: list[tuple[str, str]],
    ) -> None:
        """Set the columns of a foreign key to those of an existing or a new parent.

        Columns that refer to the row itself are added to ``own``, as pairs with what they refer to.
        """
        columns = [table.by_name.get(name) for name in key.columns]
        if None in columns or any(name in wish.omit for name in key.columns):
            return
        given = {r: row[c] for c, r in zip(key.columns, key.referenced, strict=True) if c in row}
        if NULL in given.values() and not key.full:
            return
        nullable = [c for c in columns if c and not c.not_null and c.name not in wish.required]
        if nullable and not given:
            for column in nullable:
                row[column.name] = NULL
            return
        if _is_same(key, wish.skip) or key.target not in self.model.tables:
            return
        if key.target == table.name and not given:
            found = planned.rows.get(table.name)
            if found and planned.fresh is None:
                given = {r: found[-1][r] for r in key.referenced if r in found[-1]}
                row.update({c: given[r] for c, r in zip(key.columns, key.referenced, strict=True)})
            else:
                own.extend(zip(key.columns, key.referenced, strict=True))
            return
        target = self.model.tables[key.target]
        complete = len(given) == len(key.referenced) or _holds_a_key(target, given)
        parent = planned.parent(key.target, given, complete=complete)
        if parent is None and any(name == key.target for name in path):
            parent = planned.in_a_circle(key.target, given)
            if parent is not None:
                for name in key.referenced:
                    value = given.get(name) or self._fresh(planned, target, target.by_name[name])
                    parent.setdefault(name, value)
        if parent is None:
            needed = Wish(fixed=given, required=frozenset(key.referenced), choice=0)
            parent = self._build(planned, target, needed, (*path, table.name))
            if planned.fresh is not None:
                planned.fresh.setdefault(target.name, []).append(parent)
        for column_name, referenced in zip(key.columns, key.referenced, strict=True):
            row.setdefault(column_name, parent.get(referenced, NULL))

    def _leave_out(self, column: Column, wish: Wish) -> bool:
        return not (column.not_null or column.has_default or column.name in wish.required)

    def _fresh(self, planned: PlannedRows, table: Table, column: Column) -> str:
        """The next unused value for a column and for all columns that foreign keys join with it."""
        name = self._classes.get((table.name, column.name), f"{table.name}.{column.name}")
        planned.numbers[name] = planned.numbers.get(name, 0) + 1
        return fresh(column.type, planned.numbers[name], column.name)

    def _taken(
        self, planned: PlannedRows, table: Table, row: RowValues, repeat: UniqueKey | None
    ) -> bool:
        """Whether another row has the same values of a unique key of either side."""
        others = planned.rows.get(table.name, ())
        for key in table.keys:
            if key == repeat or key.exclusion or key.indexed != key.parts:
                continue
            if repeat and set(key.indexed) <= set(repeat.columns):
                continue
            mine = [row.get(column) for column in key.indexed]
            if None in mine or (NULL in mine and not key.nulls_equal):
                continue
            same = [o for o in others if [o.get(column) for column in key.indexed] == mine]
            if key.predicate and same:
                held = [o for o in same if self.solver.fulfils(table, key.predicate, o)]
                same = held if self.solver.fulfils(table, key.predicate, row) else []
            if same:
                return True
        return False

    def _insert(self, planned: PlannedRows, table: Table, row: RowValues, wish: Wish) -> None:
        """Add the INSERT of a row; rows that refer to each other in a circle share one."""
        planned.rows.setdefault(table.name, []).append(row)
        at = len(planned.building) - 1
        along = planned.along.pop(at, [])
        first = planned.circle_start.pop(at, at)
        statement = insert_row(table, row, wish.fixed)
        if first == at:
            if along:
                statement = replace(statement, along=tuple(along))
            planned.statements.append(statement)
            return
        planned.along.setdefault(first, []).extend([*along, statement])
        if at - 1 > first:
            planned.circle_start[at - 1] = min(first, planned.circle_start.get(at - 1, first))


def _most_given(keys: Sequence[ForeignKey], row: RowValues) -> ForeignKey:
    """The foreign key with the most columns that have a value; else the longest, or first."""
    return max(keys, key=lambda key: (sum(c in row for c in key.columns), len(key.columns)))


def _is_same(key: ForeignKey, other: ForeignKey | None) -> bool:
    """Whether two foreign keys have the same columns and target, whatever their other options."""
    return (
        other is not None
        and key.columns == other.columns
        and (key.target, key.referenced) == (other.target, other.referenced)
    )


def _holds_a_key(table: Table, values: Mapping[str, str]) -> bool:
    """Whether these columns include those of a unique key."""
    return any(
        set(key.indexed) <= set(values)
        for key in table.keys
        if key.indexed == key.parts and not key.predicate and not key.exclusion
    )


def insert_row(
    table: Table, row: Mapping[str, str], shown: Mapping[str, str] | Sequence[str] = ()
) -> GeneratedStatement:
    """The INSERT of a row; NULLs of columns without default are left out unless ``shown``."""
    values = {
        name: value
        for name, value in row.items()
        if value != NULL or name in shown or table.by_name[name].has_default
    }
    always = any("a" in table.by_name[name].identities for name in values)
    return insert(table.name, values, overriding=always)
