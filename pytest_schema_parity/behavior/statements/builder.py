"""Build rows that the rules of both sides accept, with the rows that they refer to."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from typing import Final, TypeAlias

from pytest_schema_parity.behavior.statements.model import Column, ForeignKey, Key, Model, Table
from pytest_schema_parity.behavior.statements.solver import Component, Solver, Values
from pytest_schema_parity.behavior.statements.statement import NULL, Statement, insert
from pytest_schema_parity.behavior.statements.values import fresh

HYPOTHESIS: Final = 'pip install "pytest-schema-parity[hypothesis]"'
"""What brings Hypothesis, which finds texts that match regular expressions."""
PATTERN: Final = re.compile(
    r"(?<![~!<>=@#%^&|?+*/-])!?~\*?(?![~=<>])|\bregexp_|\bsimilar_to_", re.I
)
"""The operators and functions of regular expressions."""
ATTEMPTS: Final = 8
DEEPEST: Final = 40
"""How deep a chain of referenced rows may be."""


class CannotBuildError(Exception):
    """No row of a table that fulfils the rules of both sides was found; there may be one."""


Mark: TypeAlias = "tuple[dict[str, int], int, dict[int, int], dict[int, list[Statement]]]"


@dataclass(slots=True)
class World:
    """The rows that the statements so far insert into the tables, and the numbers in use."""

    rows: dict[str, list[Values]] = field(default_factory=dict)
    statements: list[Statement] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    fresh: dict[str, list[Values]] | None = None
    """The new parents of the row that is being built, if it must have new ones; else None.

    There is one a table: else tables that are referred to in several ways would grow endlessly."""

    building: list[tuple[str, Values]] = field(default_factory=list)
    """The rows that are being built, each a parent of the one before it."""
    tied: dict[int, int] = field(default_factory=dict)
    """By the index of a row that is being built: that of the first row in its circle."""
    along: dict[int, list[Statement]] = field(default_factory=dict)
    """By the index of a row that is being built: the INSERTs that must be in its statement."""

    def in_a_circle(self, table: str, given: Mapping[str, str]) -> Values | None:
        """Find a row that is being built and may take these values; tie the current row to it."""
        for at, (name, row) in enumerate(self.building[:-1]):
            if name == table and all(row.get(c, value) == value for c, value in given.items()):
                last = len(self.building) - 1
                self.tied[last] = min(at, self.tied.get(last, at))
                return row
        return None

    def parent(self, table: str, given: Mapping[str, str], *, complete: bool) -> Values | None:
        """Find a row to refer to that has these values: any if they are a ``complete`` key."""
        if self.fresh is None or complete:
            return self.find(table, given)
        for row in self.fresh.get(table, ()):
            if all(row.get(column, NULL) == value for column, value in given.items()):
                return row
        return None

    def find(self, table: str, values: Mapping[str, str]) -> Values | None:
        """Find a row of a table that has these values; None without one."""
        for row in self.rows.get(table, ()):
            if all(row.get(column, NULL) == value for column, value in values.items()):
                return row
        return None

    def mark(self) -> Mark:
        """The current state, to be restored by :meth:`back`."""
        counts = {table: len(rows) for table, rows in self.rows.items()}
        along = {at: list(statements) for at, statements in self.along.items()}
        return counts, len(self.statements), dict(self.tied), along

    def back(self, mark: Mark) -> None:
        """Remove the rows added since a mark; the numbers that they used stay in use."""
        self.tied, self.along = mark[2], mark[3]
        if self.fresh is not None:
            self.fresh = {}
        for table, rows in self.rows.items():
            del rows[mark[0].get(table, 0) :]
        del self.statements[mark[1] :]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """The requirements for a row, beside being valid.

    ``fixed`` columns have these values, ``omit`` are left to their defaults, ``required`` must not
    be null.  ``skip`` is a foreign key for which no parent is built; ``repeat`` a key whose values
    may already exist.  ``choice`` selects one of several valid combinations of values.
    """

    fixed: Mapping[str, str] = field(default_factory=dict)
    omit: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()
    skip: ForeignKey | None = None
    repeat: Key | None = None
    choice: int = 0
    new_parents: bool = False


ANY: Final = Wish()


class Builder:
    """Builds rows for the tables of a model."""

    def __init__(self, model: Model, solver: Solver) -> None:
        self.model = model
        self.solver = solver
        self._classes = _joined_columns(model)

    def add(self, world: World, table: str, wish: Wish = ANY) -> Values:
        """Add a row, and the rows that it refers to; return the row.  Raises CannotBuildError."""
        world.fresh = {} if wish.new_parents else None
        return self._build(world, self.model.tables[table], wish, ())

    def _build(self, world: World, table: Table, wish: Wish, path: tuple[str, ...]) -> Values:
        if len(path) > DEEPEST or path.count(table.name) > 1:
            raise CannotBuildError(f"{table.name}: its foreign keys form a cycle")
        failure = CannotBuildError(f"{table.name}: no values found for its keys")
        for attempt in range(ATTEMPTS):
            mark = world.mark()
            if attempt:
                world.fresh = {}
            world.building.append((table.name, dict(wish.fixed)))
            try:
                row = self._row(world, table, wish, path, attempt)
                if not self._taken(world, table, row, wish.repeat):
                    self._insert(world, table, row, wish)
                    return row
            except CannotBuildError as error:
                failure = error
            finally:
                world.building.pop()
            world.back(mark)
        raise failure

    def _row(
        self, world: World, table: Table, wish: Wish, path: tuple[str, ...], attempt: int
    ) -> Values:
        row = world.building[-1][1]
        self._conditions(world, table, wish, row, attempt)
        own: list[tuple[str, str]] = []
        waiting = list(table.foreign_keys)
        while waiting:
            key = max(
                waiting, key=lambda key: (sum(c in row for c in key.columns), len(key.columns))
            )
            waiting.remove(key)
            self._reference(world, table, key, wish, row, path, own)
        for column in table.columns:
            if column.name in row or column.name in wish.omit or column.generated:
                continue
            if self._leave_out(column, wish):
                row[column.name] = NULL
                continue
            row[column.name] = self._fresh(world, table, column)
        for column_name, referenced in own:
            row[column_name] = row.get(referenced, NULL)
        return {c.name: row[c.name] for c in table.columns if c.name in row}

    def _conditions(
        self, world: World, table: Table, wish: Wish, row: Values, attempt: int
    ) -> None:
        """Give the columns of CHECKs values that both sides accept."""
        for component in self.solver.components(table):
            free = [c for c in component.columns if c not in row and c not in wish.omit]
            free = [c for c in free if not table.by_name[c].generated]
            if not free:
                continue
            found = self.solver.valid(table, component, row)
            found = [
                values
                for values in found
                if not any(values[c] == NULL for c in component.columns if c in wish.required)
            ]
            if not found:
                raise CannotBuildError(f"{table.name}: {_unsolved(component)}")
            if world.rows.get(table.name):
                found = self._untaken_first(world, table, found)
            values = found[(wish.choice + attempt) % len(found)]
            row.update({column: values[column] for column in free})

    def _untaken_first(self, world: World, table: Table, found: list[Values]) -> list[Values]:
        """Sort combinations of values: those with values that a key already holds come last."""
        keyed = {column for key in table.keys for column in key.indexed}
        held = [
            {row.get(column) for row in world.rows[table.name]} if column in keyed else set()
            for column in found[0]
        ]
        return sorted(
            found,
            key=lambda values: sum(v in h for v, h in zip(values.values(), held, strict=True)),
        )

    def _reference(
        self,
        world: World,
        table: Table,
        key: ForeignKey,
        wish: Wish,
        row: Values,
        path: tuple[str, ...],
        own: list[tuple[str, str]],
    ) -> None:
        """Give the columns of a foreign key the values of a row that it refers to."""
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
            found = world.rows.get(table.name)
            if found and world.fresh is None:
                given = {r: found[-1][r] for r in key.referenced if r in found[-1]}
                row.update({c: given[r] for c, r in zip(key.columns, key.referenced, strict=True)})
            else:
                own.extend(zip(key.columns, key.referenced, strict=True))
            return
        target = self.model.tables[key.target]
        complete = len(given) == len(key.referenced) or _holds_a_key(target, given)
        parent = world.parent(key.target, given, complete=complete)
        if parent is None and any(name == key.target for name in path):
            parent = world.in_a_circle(key.target, given)
            if parent is not None:
                for name in key.referenced:
                    value = given.get(name) or self._fresh(world, target, target.by_name[name])
                    parent.setdefault(name, value)
        if parent is None:
            needed = Wish(fixed=given, required=frozenset(key.referenced), choice=0)
            parent = self._build(world, target, needed, (*path, table.name))
            if world.fresh is not None:
                world.fresh.setdefault(target.name, []).append(parent)
        for column_name, referenced in zip(key.columns, key.referenced, strict=True):
            row.setdefault(column_name, parent.get(referenced, NULL))

    def _leave_out(self, column: Column, wish: Wish) -> bool:
        return not (column.not_null or column.has_default or column.name in wish.required)

    def _fresh(self, world: World, table: Table, column: Column) -> str:
        """The next unused value for a column and for all columns that foreign keys join with it."""
        name = self._classes.get((table.name, column.name), f"{table.name}.{column.name}")
        world.numbers[name] = world.numbers.get(name, 0) + 1
        return fresh(column.type, world.numbers[name], column.name)

    def _taken(self, world: World, table: Table, row: Values, repeat: Key | None) -> bool:
        """Whether another row has the same values of a unique key of either side."""
        others = world.rows.get(table.name, ())
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
                held = [o for o in same if self.solver.holds(table, key.predicate, o)]
                same = held if self.solver.holds(table, key.predicate, row) else []
            if same:
                return True
        return False

    def _insert(self, world: World, table: Table, row: Values, wish: Wish) -> None:
        """Add the INSERT of a row; rows that refer to each other in a circle share one."""
        world.rows.setdefault(table.name, []).append(row)
        at = len(world.building) - 1
        along = world.along.pop(at, [])
        first = world.tied.pop(at, at)
        statement = insert_row(table, row, wish.fixed)
        if first == at:
            world.statements.append(replace(statement, along=tuple(along)))
            return
        world.along.setdefault(first, []).extend([*along, statement])
        if at - 1 > first:
            world.tied[at - 1] = min(first, world.tied.get(at - 1, first))


def _unsolved(component: Component) -> str:
    """That no values were found for the conditions of some columns, and what may help."""
    expressions = dict.fromkeys(check.expression for check, _ in component.checks)
    conditions = " and ".join(f"CHECK ({_bare(each)})" for each in expressions)
    told = f"no value was found for {conditions}"
    if any(map(PATTERN.search, expressions)) and find_spec("hypothesis") is None:
        told += f"; for regular expressions: {HYPOTHESIS}"
    return told


def _bare(expression: str) -> str:
    """An expression without the parentheses that enclose all of it."""
    depth = 0
    for at, sign in enumerate(expression):
        depth += (sign == "(") - (sign == ")")
        if depth == 0 and at < len(expression) - 1:
            return expression
    return expression[1:-1]


def _is_same(key: ForeignKey, other: ForeignKey | None) -> bool:
    """Whether two foreign keys have the same columns and target, whatever their other options."""
    return (
        other is not None
        and key.columns == other.columns
        and (key.target, key.referenced) == (other.target, other.referenced)
    )


def _holds_a_key(table: Table, values: Mapping[str, str]) -> bool:
    """Whether these values hold those of a unique key."""
    return any(
        set(key.indexed) <= set(values)
        for key in table.keys
        if key.indexed == key.parts and not key.predicate and not key.exclusion
    )


def insert_row(
    table: Table, row: Mapping[str, str], shown: Mapping[str, str] | Sequence[str] = ()
) -> Statement:
    """The INSERT of a row; NULLs of columns without default are left out unless ``shown``."""
    values = {
        name: value
        for name, value in row.items()
        if value != NULL or name in shown or table.by_name[name].has_default
    }
    always = any("a" in table.by_name[name].identities for name in values)
    return insert(table.name, values, overriding=always)


def _joined_columns(model: Model) -> dict[tuple[str, str], str]:
    """Map each column that foreign keys join with others to one name for all of these."""
    leader: dict[tuple[str, str], tuple[str, str]] = {}

    def find(column: tuple[str, str]) -> tuple[str, str]:
        while leader.get(column, column) != column:
            column = leader[column]
        return column

    for table in model.tables.values():
        for key in table.foreign_keys:
            for name, referenced in zip(key.columns, key.referenced, strict=True):
                one, other = sorted((find((table.name, name)), find((key.target, referenced))))
                leader[other] = one
                leader.setdefault(one, one)
    return {column: ".".join(find(column)) for column in leader}
