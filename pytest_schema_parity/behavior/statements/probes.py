"""Generate directed examples: a valid row, then one rule of either side just broken or met."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from pytest_schema_parity.behavior.statements.builder import (
    Builder,
    CannotBuildError,
    Wish,
    World,
    insert_row,
)
from pytest_schema_parity.behavior.statements.model import Column, Key, Model, Table
from pytest_schema_parity.behavior.statements.runner import Example
from pytest_schema_parity.behavior.statements.solver import Solver, Values
from pytest_schema_parity.behavior.statements.statement import (
    NULL,
    Statement,
    delete,
    literal,
    update,
)
from pytest_schema_parity.behavior.statements.values import candidates, fresh

TRUTHS: Final = 24
"""How many combinations of values are tried for the conditions of one component."""
DISAGREEING: Final = 6
PREDICATES: Final = 6
TRUNCATES: Final = re.compile(r"^CREATE (CONSTRAINT )?TRIGGER .*? TRUNCATE\b.*? ON ")
"""Matches the definition of a trigger on TRUNCATE."""


class Probes:
    """Makes the directed examples of each table."""

    def __init__(
        self,
        model: Model,
        builder: Builder,
        solver: Solver,
        reads: Callable[[str], tuple[str, ...]],
    ) -> None:
        self.model = model
        self.builder = builder
        self.solver = solver
        self.reads = reads
        self.failures: dict[str, str] = {}

    def of(self, name: str) -> Iterator[Example]:
        """The examples of one table, beginning with a valid row."""
        table = self.model.tables[name]
        sources = (
            self._valid, self._conditions, self._keys, self._foreign_keys, self._parents,
            self._types, self._identities, self._null, self._defaults, self._changes,
            self._truncations,
        )  # fmt: skip
        seen: set[tuple[Statement, ...]] = set()
        for source in sources:
            for probe, built, single in source(table):
                statements = tuple(built)
                if statements not in seen:
                    seen.add(statements)
                    yield Example(name, probe, statements, self.reads(name), single)

    def _try(
        self, table: Table, wish: Wish, world: World | None = None
    ) -> tuple[World, Values] | None:
        world = World() if world is None else world
        try:
            return world, self.builder.add(world, table.name, wish)
        except CannotBuildError as error:
            self.failures.setdefault(table.name, str(error))
            return None

    def _valid(self, table: Table) -> Iterator[Probe]:
        for choice in range(3):
            if built := self._try(table, Wish(choice=choice)):
                yield "a valid row", built[0].statements, False
        everything = frozenset(column.name for column in table.columns if not column.generated)
        if built := self._try(table, Wish(required=everything)):
            yield "a valid row", built[0].statements, False

    def _null(self, table: Table) -> Iterator[Probe]:
        for column in table.columns:
            if not column.generated:
                yield from self._fixed(table, f"NULL in {column.name}", {column.name: NULL})

    def _fixed(
        self, table: Table, probe: str, values: Mapping[str, str], *, single: bool = True
    ) -> Iterator[Probe]:
        """A valid row with some columns replaced."""
        built = self._try(table, Wish(fixed=values))
        if built:
            yield probe, built[0].statements, single
            return
        if base := self._try(table, Wish()):
            world, row = base
            changed = {**row, **values}
            yield probe, [*world.statements[:-1], insert_row(table, changed, values)], single

    def _keys(self, table: Table) -> Iterator[Probe]:
        for key in table.keys:
            columns = [c for c in key.columns if c in table.by_name]
            for base in self._predicates(table, key):
                yield from self._duplicates(table, key, columns, base)

    def _predicates(self, table: Table, key: Key) -> Iterator[Values]:
        """Values for a partial index's predicate: some that fulfil it, one that does not."""
        yield {}
        for component in self.solver.components(table):
            if not any(predicate.expression == key.predicate for predicate in component.predicates):
                continue
            held = [c for c in component.columns if c not in key.indexed]
            chosen: dict[tuple[str, ...], None] = {}
            truths: set[tuple[bool | None, ...]] = set()
            for each in self.solver.tuples(table, component):
                if all(each.valid) and (True in each.truths or each.truths not in truths):
                    truths.add(each.truths)
                    chosen[tuple(each.values[c] for c in held)] = None
            for values in list(chosen)[:PREDICATES]:
                yield dict(zip(held, values, strict=True))

    def _duplicates(
        self, table: Table, key: Key, columns: list[str], base: Values
    ) -> Iterator[Probe]:
        indexed = [
            c for c in key.columns if c in table.by_name and (c in key.indexed or not key.indexed)
        ]
        first = self._try(table, Wish(fixed=base, required=frozenset(columns)))
        if first is None:
            return
        world, row = first
        same = {c: row[c] for c in indexed if c in row and not table.by_name[c].generated}
        yield from self._second(table, "a duplicate key", world, {**base, **same}, key)
        for left_out in same if len(same) > 1 else ():
            others = {c: v for c, v in same.items() if c != left_out}
            probe = f"a duplicate key but for {left_out}"
            yield from self._second(table, probe, world, {**base, **others}, key, (left_out,))
        for column in same:
            if not table.by_name[column].not_null:
                yield from self._nulls(table, key, column, base)
        if key.indexed != key.parts or key.exclusion:
            yield from self._variants(table, key, world, base, same)

    def _second(
        self,
        table: Table,
        probe: str,
        world: World,
        fixed: Values,
        key: Key,
        required: Iterable[str] = (),
    ) -> Iterator[Probe]:
        """A second row beside an existing one, with some of its values."""
        copy = _copy(world)
        wish = Wish(fixed=fixed, required=frozenset(required), repeat=key, new_parents=True)
        if built := self._try(table, wish, copy):
            yield probe, built[0].statements, True

    def _nulls(self, table: Table, key: Key, column: str, base: Values) -> Iterator[Probe]:
        fixed = {**base, column: NULL}
        others = frozenset(c for c in key.indexed if c != column and c in table.by_name)
        if first := self._try(table, Wish(fixed=fixed, required=others)):
            world, row = first
            same = {c: row[c] for c in key.indexed if c in row}
            yield from self._second(
                table, "a duplicate key with NULL", world, {**base, **same}, key
            )

    def _variants(
        self, table: Table, key: Key, world: World, base: Values, same: Values
    ) -> Iterator[Probe]:
        """Other values that a key may treat as the same: other case, blanks, overlapping ranges."""
        for column, value in same.items():
            inner = value[1:-1] if value.startswith("'") else ""
            for variant in map(literal, (inner.upper(), f" {inner}", f"{inner} ")):
                if inner and variant != value and table.by_name[column].type.category == "S":
                    changed = {**base, **same, column: variant}
                    yield from self._second(table, "a key in another spelling", world, changed, key)

    def _foreign_keys(self, table: Table) -> Iterator[Probe]:
        for key in table.foreign_keys:
            columns = [c for c in key.columns if c in table.by_name]
            if len(columns) != len(key.columns) or key.target not in self.model.tables:
                continue
            nowhere = {c: fresh(table.by_name[c].type, 90 + i, c) for i, c in enumerate(columns)}
            wish = Wish(fixed=nowhere, skip=key, required=frozenset(columns))
            if built := self._try(table, wish):
                yield "a foreign key to nothing", built[0].statements, True
            valid = self._try(table, Wish(required=frozenset(columns)))
            if valid is None:
                continue
            world, row = valid
            yield "a foreign key to a row", world.statements, False
            for column in columns:
                changed = {**row, column: nowhere[column]}
                statement = insert_row(table, changed)
                yield f"a foreign key but for {column}", [*world.statements[:-1], statement], True
                others = {c: row[c] for c in columns if c != column}
                wish = Wish(fixed=others, skip=key, required=frozenset(columns), new_parents=True)
                if others and (second := self._try(table, wish, _copy(world))):
                    yield f"a foreign key but for {column}", second[0].statements, True
            for column in columns if len(columns) > 1 else ():
                if not table.by_name[column].not_null:
                    partial = {**row, **nowhere, column: NULL}
                    statement = insert_row(table, partial)
                    yield "part of a foreign key", [*world.statements[:-1], statement], True

    def _parents(self, table: Table) -> Iterator[Probe]:
        """Delete or change the row that a row refers to."""
        for key in table.foreign_keys:
            if (
                any(c not in table.by_name for c in key.columns)
                or key.target not in self.model.tables
            ):
                continue
            if not (built := self._try(table, Wish(required=frozenset(key.columns)))):
                continue
            world, row = built
            target = self.model.tables[key.target]
            where = {r: row[c] for c, r in zip(key.columns, key.referenced, strict=True)}
            yield "delete the parent", [*world.statements, delete(target.name, where)], False
            yield (
                "delete the row",
                [*world.statements, delete(table.name, _found(table, row))],
                False,
            )
            for referenced in key.referenced:
                if referenced in target.by_name:
                    other = fresh(target.by_name[referenced].type, 80, referenced)
                    change = update(target.name, {referenced: other}, where)
                    yield "change the parent's key", [*world.statements, change], False

    def _conditions(self, table: Table) -> Iterator[Probe]:
        for component in self.solver.components(table):
            tuples = self.solver.tuples(table, component)
            differing = [t for t in tuples if t.valid[0] != t.valid[1]][:DISAGREEING]
            by_truth = {t.truths: t for t in reversed(tuples)}
            chosen = [*differing, *list(by_truth.values())[:TRUTHS]]
            for each in chosen:
                settable = {c: v for c, v in each.values.items() if not table.by_name[c].generated}
                yield from self._fixed(table, "values for the checks", settable, single=False)

    def _defaults(self, table: Table) -> Iterator[Probe]:
        for column in table.columns:
            if column.generated and len(column.generated) == 2:
                continue
            wish = Wish(omit=frozenset({column.name}))
            if first := self._try(table, wish):
                yield f"no {column.name}", first[0].statements, True
                if column.has_default and (second := self._try(table, wish, _copy(first[0]))):
                    yield f"no {column.name}, twice", second[0].statements, False

    def _types(self, table: Table) -> Iterator[Probe]:
        for column in table.columns:
            if column.types[0] != column.types[1]:
                for value in _limits(column):
                    yield from self._fixed(table, f"a limit of {column.name}", {column.name: value})

    def _identities(self, table: Table) -> Iterator[Probe]:
        for column in table.columns:
            if not any(column.identities) and len(column.generated) != 1:
                continue
            if built := self._try(table, Wish(required=frozenset({column.name}))):
                statements = [*built[0].statements]
                values = dict(statements[-1].values)
                values.setdefault(column.name, fresh(column.type, 1, column.name))
                plain = replace(statements[-1], overriding=False, values=tuple(values.items()))
                yield "an explicit identity", [*statements[:-1], plain], True

    def _changes(self, table: Table) -> Iterator[Probe]:
        """UPDATE each column, DELETE, and INSERT … ON CONFLICT."""
        built = self._try(table, Wish())
        if built is None:
            return
        world, row = built
        where = _found(table, row)
        yield "delete", [*world.statements, delete(table.name, where)], False
        referring = {c for key in table.foreign_keys for c in key.columns}
        for column in table.columns:
            if len(column.generated) == 2 or column.name in referring:
                continue
            literals = self.solver.literals[table.name]
            suggested = candidates(column, literals)[:4]
            for value in dict.fromkeys([fresh(column.type, 70, column.name), *suggested]):
                if value != row.get(column.name):
                    change = update(table.name, {column.name: value}, where)
                    yield f"change {column.name}", [*world.statements, change], False
            if not column.not_null:
                change = update(table.name, {column.name: NULL}, where)
                yield f"change {column.name}", [*world.statements, change], False
        for key in table.keys:
            if key.indexed == key.parts and not key.predicate and not key.exclusion:
                suffix = f" ON CONFLICT ({', '.join(key.indexed)}) DO NOTHING"
                again = replace(world.statements[-1], suffix=suffix)
                yield "upsert", [*world.statements, again], False

    def _truncations(self, table: Table) -> Iterator[Probe]:
        """TRUNCATE, if either side has a trigger for it."""
        is_about_it = any(TRUNCATES.search(trigger.definition) for trigger in table.triggers)
        if is_about_it and (built := self._try(table, Wish())):
            truncate = Statement(kind="truncate", table=table.name, suffix=" CASCADE")
            yield "truncate", [*built[0].statements, truncate], False


Probe = tuple[str, list[Statement], bool]


def _copy(world: World) -> World:
    rows = {table: list(rows) for table, rows in world.rows.items()}
    return World(rows, list(world.statements), dict(world.numbers))


def _found(table: Table, row: Values) -> Values:
    """The values that identify a row: those of its primary key; empty where there is none."""
    if table.primary is None:
        return {}
    return {c: row[c] for c in table.primary.indexed if c in row}


def _limits(column: Column) -> list[str]:
    """Values near the limits of the two types: lengths, digits, numbers, labels of enums."""
    names = [kind.name for kind in column.types]
    found: list[str] = []
    sizes = {int(n) for name in names for n in _digits(name)}
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


def _digits(name: str) -> list[str]:
    inside = name.partition("(")[2].partition(")")[0]
    return [part for part in inside.split(",") if part.lstrip("-").isdigit() and part]
