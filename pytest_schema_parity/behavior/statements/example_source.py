"""All examples of a search in their order: known ones, directed ones, random ones."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

from pytest_schema_parity.behavior.statements.builder import Builder
from pytest_schema_parity.behavior.statements.call_examples import CallExamples
from pytest_schema_parity.behavior.statements.counterexample import (
    Known,
)
from pytest_schema_parity.behavior.statements.directed_examples import DirectedExamples
from pytest_schema_parity.behavior.statements.example import Example
from pytest_schema_parity.behavior.statements.known_examples import known_filter
from pytest_schema_parity.behavior.statements.mentions import mentions
from pytest_schema_parity.behavior.statements.random_examples import RandomExamples
from pytest_schema_parity.behavior.statements.role_examples import RoleExamples
from pytest_schema_parity.behavior.statements.runner import Runner
from pytest_schema_parity.behavior.statements.solver import Solver
from pytest_schema_parity.behavior.statements.table_literals import literals_of
from pytest_schema_parity.schema.difference import Difference

READ_ALL: Final = 40
"""Up to this number of tables and views, all are read after each example."""
DIRECTED_SHARE: Final = 0.8
"""The share of the budget for directed examples."""
WEIGHT_IF_DIFFERENT: Final = 8
"""How many times more of it a table gets that differs."""
MIN_DIRECTED: Final = 8
"""How many directed examples each table gets, whatever the budget."""


class ExampleSource:
    """Makes the examples for the tables, views and routines of a runner's model.

    ``tried`` are the tables and views that were reached so far, ``shortened`` the tables with more
    directed examples than their share of the budget.
    """

    def __init__(
        self, runner: Runner, differences: Sequence[Difference], examples: int, seed: int
    ) -> None:
        self.model = runner.model
        self.max_examples = examples
        self.difference_names = [difference.name for difference in differences]
        literals = {
            name: literals_of(self.model, table) for name, table in self.model.tables.items()
        }
        self.solver = Solver(runner, literals, seed)
        self.builder = Builder(self.model, self.solver)
        self.directed_examples = DirectedExamples(self.model, self.builder, self.solver, self.reads)
        self.random_examples = RandomExamples(
            self.model,
            self.builder,
            self.solver,
            self.reads,
            random.Random(seed),  # noqa: S311
        )
        self.roles = RoleExamples(self.model, self.builder, self.reads, runner.roles, self._differs)
        self.calls = CallExamples(self.model, self.builder, self.everything, seed)
        self.tried: set[str] = set()
        self._reads: dict[str, tuple[str, ...]] = {}
        self.shortened: list[str] = []

    def all(self, known: Iterable[Known]) -> Iterator[Example]:
        """Known examples; directed ones, differing tables first; of roles; calls; random ones.

        Known ones are left out that this search could not make.
        """
        yield from filter(known_filter(self.model, self.roles.roles), self.known(known))
        order = sorted(self.model.subjects, key=lambda name: (not self._differs(name), name))
        weights = [WEIGHT_IF_DIFFERENT if self._differs(name) else 1 for name in order]
        left = DIRECTED_SHARE * self.max_examples
        for at, name in enumerate(order):
            self.tried.add(name)
            examples_of_table = self.directed_examples.of(name)
            share = max(MIN_DIRECTED, int(left * weights[at] / sum(weights[at:])))
            for example in islice(examples_of_table, share):
                left -= 1
                yield example
            if next(examples_of_table, None) is not None:
                self.shortened.append(name)
        yield from self.roles.all(order)
        yield from self.calls.all()
        yield from self.random_examples.all(order)

    def known(self, examples: Iterable[Known]) -> Iterator[Example]:
        """Examples that an earlier search found, if their subjects still exist."""
        for each in examples:
            view = self.model.views.get(each.subject)
            tables = [name for name in (view.tables if view else ()) if name in self.model.tables]
            if each.subject in self.model.subjects:
                reads = self.reads(each.subject)
            elif each.subject in self.calls.names:
                reads = self.everything()
            elif tables:
                reads = tuple(dict.fromkeys((*self.reads(tables[0]), each.subject)))
            else:
                continue
            yield Example(each.subject, "found before", each.parts, reads)

    def everything(self) -> tuple[str, ...]:
        """All tables and views; if these are too many, tables that differ."""
        tables, views = self.model.subjects, self.model.views
        if len(tables) + len(views) <= READ_ALL:
            return (*tables, *views)
        return tuple(name for name in tables if self._differs(name))[:READ_ALL]

    def reads(self, name: str) -> tuple[str, ...]:
        """The relations that are read after an example about a table.

        All; if these are too many, tables joined with it by foreign keys, and views of it.
        """
        if name not in self._reads:
            self._reads[name] = self._read_after(name)
        return self._reads[name]

    def _read_after(self, name: str) -> tuple[str, ...]:
        tables, views, subjects = self.model.tables, self.model.views, self.model.subjects
        if len(subjects) + len(views) <= READ_ALL:
            return (*subjects, *views)
        near = {name} | {key.target for key in tables[name].foreign_keys}
        for other in tables.values():
            if any(key.target in near for key in other.foreign_keys):
                near.add(other.name)
        shown = [view.name for view in views.values() if name in view.tables]
        return (*(table for table in subjects if table in near), *shown)

    def unreached(self) -> Iterator[str]:
        """What was not tried so far: tables, views, functions and procedures."""
        yield from (name for name in self.model.subjects if name not in self.tried)
        yield from (
            view.name
            for view in self.model.views.values()
            if view.tables and view.name not in self.tried
        )
        yield from (each.name for each in self.model.routines if not self.calls.made[each.name])

    def _differs(self, name: str) -> bool:
        return self.model.tables[name].differs or any(
            mentions(each, name) for each in self.difference_names
        )
