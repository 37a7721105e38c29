"""Find values that fulfil CHECKs: the servers evaluate the conditions on many combinations."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Final, TypeAlias

from pytest_schema_parity.behavior.statements.candidates import candidates, spelled
from pytest_schema_parity.behavior.statements.fresh_values import fresh
from pytest_schema_parity.behavior.statements.generated_statement import NULL
from pytest_schema_parity.behavior.statements.mentions import mentions
from pytest_schema_parity.behavior.statements.model import Column, Condition, HavingSides, Table
from pytest_schema_parity.behavior.statements.runner import Runner
from pytest_schema_parity.behavior.statements.sql_constants import Literals

MAX_EVALUATED: Final = 4_000
"""How many combinations of values are evaluated at most."""
MAX_ACCEPTED: Final = 200
"""About how many combinations that both sides accept are kept."""
FRESH_VALUES: Final = 12
"""How many fresh values each column of a condition is tried with."""

RowValues: TypeAlias = dict[str, str]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Values of a component's columns, with the truth of each condition, and validity by side."""

    values: RowValues
    truths: tuple[bool | None, ...]
    valid: tuple[bool, bool]


@dataclass(frozen=True, slots=True)
class Component:
    """Columns of a table that share conditions, and these conditions.

    ``predicates`` are those of partial indexes: no row need fulfil them.
    """

    columns: tuple[str, ...]
    checks: tuple[tuple[Condition, HavingSides], ...]
    predicates: tuple[Condition, ...]


Memo: TypeAlias = tuple[str, Component, tuple[tuple[str, str], ...]]


class Solver:
    """Finds values that fulfil the conditions of tables; caches the results."""

    def __init__(self, runner: Runner, literals: Mapping[str, Literals], seed: int) -> None:
        self.runner = runner
        self.literals = literals
        self.seed = seed
        self._components: dict[str, tuple[Component, ...]] = {}
        self._solved: dict[Memo, list[Evaluation]] = {}
        self._accepted: dict[Memo, list[RowValues]] = {}
        self._by_values: dict[Memo, dict[tuple[str, ...], Evaluation]] = {}

    def components(self, table: Table) -> tuple[Component, ...]:
        """The components of a table, in the order of their first columns."""
        if table.name not in self._components:
            self._components[table.name] = tuple(_components(table))
        return self._components[table.name]

    def evaluations(
        self, table: Table, component: Component, fixed: Mapping[str, str] | None = None
    ) -> list[Evaluation]:
        """Combinations of values with the truth of every condition; ``fixed`` ones are kept."""
        given = {c: v for c, v in (fixed or {}).items() if c in component.columns}
        memo = (table.name, component, tuple(sorted(given.items())))
        if memo not in self._solved:
            self._solved[memo] = self._solve(table, component, given)
        return self._solved[memo]

    def accepted_values(
        self, table: Table, component: Component, fixed: Mapping[str, str] | None = None
    ) -> list[RowValues]:
        """An even sample of the combinations that both sides accept, fewest NULLs first."""
        given = {c: v for c, v in (fixed or {}).items() if c in component.columns}
        memo = (table.name, component, tuple(sorted(given.items())))
        if memo not in self._accepted:
            found = [each for each in self.evaluations(table, component, given) if all(each.valid)]
            found.sort(key=lambda each: list(each.values.values()).count(NULL))
            kept = found[:: max(1, len(found) // MAX_ACCEPTED)]
            self._accepted[memo] = [each.values for each in kept]
        return self._accepted[memo]

    def fulfils(self, table: Table, predicate: str, row: Mapping[str, str]) -> bool:
        """Whether a row fulfils the predicate of a partial index; true if unknown."""
        for component in self.components(table):
            for place, check in enumerate(component.predicates, len(component.checks)):
                if check.expression == predicate:
                    memo = (table.name, component, ())
                    if memo not in self._by_values:
                        tuples = self.evaluations(table, component)
                        self._by_values[memo] = {tuple(t.values.values()): t for t in tuples}
                    values = tuple(row.get(column, "") for column in component.columns)
                    found = self._by_values[memo].get(values)
                    return found is None or found.truths[place] is True
        return True

    def _solve(self, table: Table, component: Component, given: RowValues) -> list[Evaluation]:
        lists = [
            [given[name]]
            if name in given
            else self._candidates(table, table.by_name[name], component)
            for name in component.columns
        ]
        lists = self._castable(table, component, lists)
        if not all(lists):
            return []
        rows = self._sample(lists)
        queries = tuple(
            self._evaluating_query(table, component, lists, rows, side) for side in (0, 1)
        )
        answers = self.runner.query_both((queries[0], queries[1]))
        count = len(component.checks) + len(component.predicates)
        found = []
        for at, row in enumerate(rows):
            values = dict(
                zip(component.columns, (lists[i][j] for i, j in enumerate(row)), strict=True)
            )
            truths = [(a[at] if a is not None else (None,) * count) for a in answers]
            valid = [self._accepts(component, truths[side], side) for side in (0, 1)]
            merged = tuple(bool(t) if t is not None else None for t in [*truths[0], *truths[1]])
            found.append(Evaluation(values, merged, (valid[0], valid[1])))
        return found

    def _accepts(self, component: Component, truths: Sequence[object], side: int) -> bool:
        return all(
            truth is not False
            for truth, (_, sides) in zip(truths, component.checks, strict=False)
            if side in sides
        )

    def _candidates(self, table: Table, column: Column, component: Component) -> list[str]:
        texts = [*(check for check, _ in component.checks), *component.predicates]
        literals = self.literals[table.name]
        numbers = {
            number
            for check in texts
            if column.name in check.columns
            for number in self._numbers(check.expression)
        }
        is_number = column.type.category == "N"
        found = candidates(column, literals, more=numbers if is_number else ())
        found += [fresh(column.type, number, column.name) for number in range(1, FRESH_VALUES + 1)]
        own = [check.expression for check in texts if column.name in check.columns]
        found += spelled(column, own, FRESH_VALUES)
        if not column.not_null:
            found.append(NULL)
        return list(dict.fromkeys(found))

    def _numbers(self, expression: str) -> Iterable[str]:
        from pytest_schema_parity.behavior.statements.sql_constants import constants_of

        return constants_of(expression).numbers

    def _castable(
        self, table: Table, component: Component, lists: list[list[str]]
    ) -> list[list[str]]:
        """The values, by column, that both sides can cast to the type of the column."""
        pairs = [(c, v) for c, values in zip(component.columns, lists, strict=True) for v in values]
        queries = tuple(_casting_query(table, pairs, side) for side in (0, 1))
        if all(answer is not None for answer in self.runner.query_both((queries[0], queries[1]))):
            return lists
        good = {
            pair
            for pair in pairs
            if None
            not in self.runner.query_both(
                (_casting_query(table, [pair], 0), _casting_query(table, [pair], 1))
            )
        }
        return [
            [value for value in values if (column, value) in good]
            for column, values in zip(component.columns, lists, strict=True)
        ]

    def _sample(self, lists: Sequence[Sequence[str]]) -> list[tuple[int, ...]]:
        """Combinations as indexes into the lists of values: all, or a sample if there are many."""
        ranges = [range(len(values)) for values in lists]
        if prod(map(len, ranges)) <= MAX_EVALUATED:
            return list(product(*ranges))
        source = random.Random(self.seed)  # noqa: S311 - a sample, no secret
        rows = {
            tuple(source.randrange(len(values)) for values in lists) for _ in range(MAX_EVALUATED)
        }
        return sorted(rows)

    def _evaluating_query(
        self,
        table: Table,
        component: Component,
        lists: Sequence[Sequence[str]],
        rows: Sequence[tuple[int, ...]],
        side: int,
    ) -> str:
        """SQL that evaluates all conditions on combinations of values, NULL for the other side's.

        ``rows`` are indexes into ``lists``; the result has a row for each, in order.
        """
        columns = []
        for at, name in enumerate(component.columns):
            kind = table.by_name[name].types[side].name
            cases = " ".join(
                f"WHEN {i} THEN ({value})::{kind}" for i, value in enumerate(lists[at])
            )
            columns.append(f"CASE i{at} {cases} END AS {name}")
        conditions = [
            f"({check.expression})" if side in sides else "NULL"
            for check, sides in component.checks
        ]
        conditions += [f"({check.expression})" for check in component.predicates]
        arrays = ", ".join(
            f"'{{{','.join(str(row[at]) for row in rows)}}}'::int[]" for at in range(len(lists))
        )
        names = ", ".join(f"i{at}" for at in range(len(lists)))
        inner = f"SELECT {', '.join(columns)}, place FROM unnest({arrays}) WITH ORDINALITY AS i({names}, place)"  # noqa: E501, S608
        return f"SELECT {', '.join(conditions)} FROM ({inner} OFFSET 0) AS t ORDER BY place"  # noqa: S608


def _casting_query(table: Table, pairs: Iterable[tuple[str, str]], side: int) -> str:
    """SQL that fails if the value of one (column, value) cannot be cast on a side."""
    casts = [f"({value})::{table.by_name[column].types[side].name}" for column, value in pairs]
    rows = [f"SELECT ({cast}) IS NULL" for cast in casts]
    return " UNION ALL ".join(rows)


def _components(table: Table) -> Iterable[Component]:
    """The components of a table: groups of columns that share conditions."""
    known = table.by_name
    checks = [
        (c, s) for c, s in table.checks.items() if c.columns and all(n in known for n in c.columns)
    ]
    predicates = []
    for key in table.keys:
        if key.predicate:
            columns = tuple(c for c in key.columns if c in known and mentions(key.predicate, c))
            if columns:
                predicates.append(Condition(key.predicate, columns))
    predicates = list(dict.fromkeys(predicates))
    groups: list[set[str]] = []
    for check in [*(c for c, _ in checks), *predicates]:
        joined = set(check.columns)
        for group in [group for group in groups if group & joined]:
            joined |= group
            groups.remove(group)
        groups.append(joined)
    for group in groups:
        yield Component(
            tuple(name for name in known if name in group),
            tuple((c, s) for c, s in checks if set(c.columns) <= group),
            tuple(p for p in predicates if set(p.columns) <= group),
        )
