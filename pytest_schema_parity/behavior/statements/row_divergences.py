"""Compare the rows of examples: in which of them tables and views differ, and by which cause."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from pytest_schema_parity.behavior.statements.divergences import (
    Cause,
    Divergence,
    differing_relations,
    outcome_divergence,
    row_divergences,
)
from pytest_schema_parity.behavior.statements.example import Example, ResultPair
from pytest_schema_parity.behavior.statements.model import Model
from pytest_schema_parity.behavior.statements.policy_values import policy_texts, related_tables
from pytest_schema_parity.behavior.statements.runner import Runner


@dataclass(slots=True)
class ComparedTables:
    """The relations whose rows were compared in an example, and those that differ in it."""

    tables: set[tuple[Example, str]] = field(default_factory=set)
    differing: dict[Example, set[str]] = field(default_factory=dict)

    def differs(self, example: Example, relation: str) -> None:
        """Note that the rows of a table or view differ in an example."""
        self.differing.setdefault(example, set()).add(relation)

    def others(self, examples: Sequence[Example], model: Model, relation: str) -> list[Example]:
        """The examples in which no table differs, and no view that ``relation`` reads.

        The rows that a role reads depend only on the tables that the policies read.
        """
        view = model.views.get(relation)
        unrelated = model.views.keys() - set(view.below) if view else frozenset()
        as_role = any(each.reads_as_role for each in examples)
        own = policies_read(model, relation) if as_role else set()
        return [
            each
            for each in examples
            if not (self.differing.get(each, set()) & own)
            if each.reads_as_role or self.differing.get(each, set()) <= unrelated
        ]


def policies_read(model: Model, relation: str) -> set[str]:
    """The tables and views that a view reads, and the tables that the policies of these read."""
    view = model.views.get(relation)
    found = {*view.tables, *view.below} if view else set()
    for name in [relation, *found]:
        if name in model.tables:
            texts = policy_texts(model, name)
            found.update(each.name for each in related_tables(model, model.tables[name], texts))
    return found


def examples_with_equal_tables(
    runner: Runner,
    examples: Sequence[Example],
    view: str,
    pairs: Mapping[Example, ResultPair],
    compared: ComparedTables,
    known: Container[Cause] = (),
) -> list[Example]:
    """The examples in which tables differ in random values only, so a view differs by itself."""
    waiting: dict[str, list[Example]] = {}
    for example in examples:
        for name in differing_relations(example, pairs[example]):
            if name in runner.model.tables and (example, name) not in compared.tables:
                waiting.setdefault(name, []).append(example)
    for table, unknown in waiting.items():
        others = compared.others(unknown, runner.model, table)
        for example, divergence in zip(
            others, row_divergences(runner, others, table, known), strict=True
        ):
            compared.tables.add((example, table))
            if divergence is not None:
                compared.differs(example, table)
    return compared.others(examples, runner.model, view)


def first_with_same_divergence(
    runner: Runner,
    divergence: Divergence,
    examples: Sequence[Example],
    pairs: Sequence[ResultPair],
    known: Container[Cause] = (),
) -> int | None:
    """The index of the first example with the same divergence; None without one.

    Examples whose rows are compared run again; those with ``known`` causes of tables only once.
    """
    errors = divergence.kind == "error"
    outcomes = [
        outcome_divergence(example, pair, errors=errors)
        for example, pair in zip(examples, pairs, strict=True)
    ]
    if divergence.kind != "rows":
        causes = [each.cause if each else None for each in outcomes]
        return causes.index(divergence.cause) if divergence.cause in causes else None
    relation = divergence.cause[1]
    pairs_of = dict(zip(examples, pairs, strict=True))
    suspects = [
        example
        for example, pair, outcome in zip(examples, pairs, outcomes, strict=True)
        if outcome is None and relation in differing_relations(example, pair)
    ]
    is_view = relation in runner.model.views
    refused = [each for each in suspects if is_view and is_refused(each, pairs_of[each], relation)]
    waiting = iter(refused or suspects)
    while some := list(islice(waiting, EXAMPLES_PER_QUERY)):
        if is_view and not refused:
            some = examples_with_equal_tables(
                runner, some, relation, pairs_of, ComparedTables(), known
            )
        found = row_divergences(runner, some, relation)
        for example, row_divergence in zip(some, found, strict=True):
            if row_divergence is not None and row_divergence.cause == divergence.cause:
                return examples.index(example)
    return None


def reads_for(model: Model, divergence: Divergence, example: Example) -> tuple[str, ...]:
    """The part of an example's ``reads`` that :func:`first_with_same_divergence` needs."""
    if divergence.kind != "rows":
        return ()
    relation = divergence.cause[1]
    tables = model.tables if relation in model.views else ()
    return tuple(name for name in example.reads if name == relation or name in tables)


EXAMPLES_PER_QUERY: Final = 8
"""In how many examples rows are compared at once, until one has the cause."""


MAX_OTHER_EXAMPLES: Final = 25
"""How many examples about other subjects are compared for one relation, in each batch."""


def all_accepted(pair: ResultPair) -> bool:
    """Whether both sides accepted every statement."""
    return all(outcome.accepted for result in pair for outcome in result.outcomes)


def is_empty(content: str) -> bool:
    """Whether a relation had no row, or could not be read."""
    return content.startswith(("0:", "error"))


def is_refused(example: Example, pair: ResultPair, relation: str) -> bool:
    """Whether a role cannot read a relation on a side, which does not depend on its rows."""
    at = example.reads.index(relation)
    return example.reads_as_role and any(each.contents[at].startswith("error") for each in pair)


def sample_of(examples: list[Example], relation: str) -> list[Example]:
    """The examples about a relation, and some of those that are about another one."""
    own = [example for example in examples if example.subject == relation]
    others = [example for example in examples if example.subject != relation]
    return own + others[:: max(1, len(others) // MAX_OTHER_EXAMPLES)]
