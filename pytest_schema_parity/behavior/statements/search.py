"""Search for statements that have different outcomes on two databases."""

from __future__ import annotations

import random
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, Literal, TypeAlias

from pytest_schema_parity.behavior.statements.builder import Builder
from pytest_schema_parity.behavior.statements.causes import (
    Cause,
    DifferingRows,
    Divergence,
    differing_relations,
    outcome_divergence,
    row_divergences,
)
from pytest_schema_parity.behavior.statements.histories import Histories
from pytest_schema_parity.behavior.statements.literals import Literals, mine_all
from pytest_schema_parity.behavior.statements.mentions import mentions
from pytest_schema_parity.behavior.statements.model import Model, Table
from pytest_schema_parity.behavior.statements.outcome import Outcome
from pytest_schema_parity.behavior.statements.probes import Probes
from pytest_schema_parity.behavior.statements.runner import Example, Pair, Runner, open_runner
from pytest_schema_parity.behavior.statements.shrink import shrink
from pytest_schema_parity.behavior.statements.solver import Solver
from pytest_schema_parity.behavior.statements.statement import Statement
from pytest_schema_parity.schema.difference import Difference

READ_ALL: Final = 40
"""With at most so many tables and views, all of them are read after each example."""
INCIDENTAL: Final = 25
"""How many examples about other tables are examined for one relation in each batch."""
PROBED: Final = 0.8
"""The share of the budget that directed examples may use."""
DIFFERING: Final = 8
"""The factor by which a table that differs gets more of the budget."""
LEAST: Final = 8
"""How many directed examples each table gets, whatever the budget."""
ALIKE: Final = 4
"""How many counterexamples with more (or fewer) rows are shown for one table or view."""

Exhausted: TypeAlias = Literal["", "examples", "seconds", "counterexamples"]


@dataclass(frozen=True, slots=True)
class Side:
    """A tree's name and the conninfo of a copy of its database that may be written to."""

    tree: str
    conninfo: str


@dataclass(frozen=True, slots=True)
class Budget:
    """When to stop: after so many examples, seconds or counterexamples."""

    examples: int = 20_000
    seconds: float = 60.0
    counterexamples: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterexample:
    """The smallest statements found on which the two sides differ, as their ``parts``.

    ``outcomes`` has a pair a statement, the reference's first, and one more where constraints are
    deferred; ``rows`` are the rows that differ in the end, where these are what differs, and
    ``query`` is SQL that shows them.
    ``examples`` is the number tried before this one.
    """

    subject: str
    probe: str
    parts: tuple[Statement, ...]
    outcomes: tuple[tuple[Outcome, Outcome], ...]
    rows: DifferingRows | None
    cause: Cause
    examples: int
    query: str = ""

    @property
    def statements(self) -> tuple[str, ...]:
        """The statements as they can be pasted into psql."""
        return tuple(f"{part.sql};" for part in self.parts)


@dataclass(frozen=True, slots=True)
class Known:
    """A counterexample that an earlier search found, after so many ``examples``."""

    subject: str
    parts: tuple[Statement, ...]
    examples: int


@dataclass(frozen=True, slots=True)
class Entered:
    """How many of the rows that should be valid a table accepted on both sides, and the errors."""

    table: str
    rows: int
    tried: int
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ViewCompared:
    """A view whose definition differs but whose rows were the same in so many examples."""

    view: str
    examples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """The result of a search: counterexamples, counts, and what was left out.

    ``not_compared`` names the tables and views that only one side has, with the side (0, 1).
    ``left_out`` are tables and views that were not tested, with the reasons.
    ``exhausted`` names the limit of the budget that ended the search, else it is empty;
    ``unreached`` are the tables and views that were not tried then, ``shortened`` the tables with
    more directed examples than their share of the budget.
    """

    counterexamples: tuple[Counterexample, ...] = ()
    views: tuple[ViewCompared, ...] = ()
    entered: tuple[Entered, ...] = ()
    not_compared: tuple[tuple[str, int], ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    statements: int = 0
    examples: int = 0
    exhausted: Exhausted = ""
    unreached: tuple[str, ...] = ()
    shortened: tuple[str, ...] = ()


def search(
    reference: Side,
    candidate: Side,
    *,
    differences: Sequence[Difference] = (),
    budget: Budget = Budget(),
    seed: int = 0,
    leave_out: Collection[str] = (),
    subjects: Collection[str] | None = None,
    known: Sequence[Known] = (),
) -> Search:
    """Search for statements that have another outcome on the candidate than on the reference.

    The databases should be copies: their tables are emptied, in a transaction that is rolled back.
    Tables and views that ``differences`` name come first; those in ``leave_out`` are not tested,
    but their tables are filled where rows of others refer to them.  ``subjects``, where given, are
    the only ones that are tested.  Examples that are ``known`` are tried before all others.
    """
    with open_runner(
        (reference.tree, reference.conninfo),
        (candidate.tree, candidate.conninfo),
        lambda name: name in leave_out or (subjects is not None and name not in subjects),
    ) as runner:
        return Searching(runner, differences, budget, seed, known).search()


@dataclass(slots=True)
class _Tally:
    entered: int = 0
    tried: int = 0
    errors: dict[str, None] = field(default_factory=dict)


class Searching:
    """The state of one search."""

    def __init__(
        self,
        runner: Runner,
        differences: Sequence[Difference],
        budget: Budget,
        seed: int,
        known: Sequence[Known] = (),
    ) -> None:
        self.runner = runner
        self.model = runner.model
        self.budget = budget
        self.known = {each.parts: each for each in known}
        self.deadline = time.monotonic() + budget.seconds
        self.named = [difference.name for difference in differences]
        literals = {name: _literals(self.model, table) for name, table in self.model.tables.items()}
        self.solver = Solver(runner, literals, seed)
        self.builder = Builder(self.model, self.solver)
        self.probes = Probes(self.model, self.builder, self.solver, self.reads)
        self.histories = Histories(
            self.model,
            self.builder,
            self.solver,
            self.reads,
            random.Random(seed),  # noqa: S311
        )
        self.found: dict[Cause, Counterexample] = {}
        self.tallies: dict[str, _Tally] = {name: _Tally() for name in self.model.subjects}
        self.compared: dict[str, int] = {}
        self.exhausted: Exhausted = ""
        self.tried: set[str] = set()
        self.shortened: list[str] = []

    def search(self) -> Search:
        """Run all examples, or as many as the budget allows, and return the result."""
        for batch in self.runner.batches(self._within_budget()):
            self._examine(batch)
        differing = [view.name for view in self.model.views.values() if view.differs]
        found = {cause[1] for cause in self.found if cause[0] == "rows"}
        return Search(
            counterexamples=tuple(self.found.values()),
            views=tuple(
                ViewCompared(name, self.compared.get(name, 0))
                for name in differing
                if name not in found
            ),
            entered=tuple(
                Entered(name, tally.entered, tally.tried, self._errors(name, tally))
                for name, tally in self.tallies.items()
            ),
            not_compared=self.model.missing + self.model.only,
            left_out=tuple(sorted(self.runner.left_out.items())),
            statements=self.runner.statements,
            examples=self.runner.examples,
            exhausted=self.exhausted or ("examples" if self.shortened else ""),
            shortened=tuple(self.shortened),
            unreached=tuple(self._unreached()) if self.exhausted else (),
        )

    def _unreached(self) -> Iterator[str]:
        yield from (name for name in self.model.subjects if name not in self.tried)
        yield from (
            view.name
            for view in self.model.views.values()
            if view.tables and view.name not in self.tried
        )

    def _errors(self, name: str, tally: _Tally) -> tuple[str, ...]:
        """The reasons for which a table accepted no row: errors, or why no row could be built."""
        if tally.tried == 0 and name in self.probes.failures:
            return (self.probes.failures[name],)
        return tuple(tally.errors)

    def reads(self, name: str) -> tuple[str, ...]:
        """The relations to read after an example about a table: all, or if many the related."""
        tables, views, subjects = self.model.tables, self.model.views, self.model.subjects
        if len(subjects) + len(views) <= READ_ALL:
            return (*subjects, *views)
        near = {name} | {key.target for key in tables[name].foreign_keys}
        for other in tables.values():
            if any(key.target in near for key in other.foreign_keys):
                near.add(other.name)
        shown = [view.name for view in views.values() if name in view.tables]
        return (*(table for table in subjects if table in near), *shown)

    def _within_budget(self) -> Iterator[Example]:
        for example in self.examples():
            if spent := self._spent():
                self.exhausted = spent
                return
            if example.subject in self.model.views and example.probe != "found before":
                self.tried.add(example.subject)
            yield example

    def _spent(self) -> Exhausted:
        """The limit of the budget that is reached (examples, seconds, …); empty if none is."""
        if self.runner.examples >= self.budget.examples:
            return "examples"
        if len(self.found) >= self.budget.counterexamples:
            return "counterexamples"
        return "seconds" if time.monotonic() > self.deadline else ""

    def examples(self) -> Iterator[Example]:
        """Directed examples, differing tables first; then histories, and databases for views."""
        yield from self._known()
        order = sorted(self.model.subjects, key=lambda name: (not self._differs(name), name))
        weights = [DIFFERING if self._differs(name) else 1 for name in order]
        left = PROBED * self.budget.examples
        for at, name in enumerate(order):
            self.tried.add(name)
            probes = self.probes.of(name)
            share = max(LEAST, int(left * weights[at] / sum(weights[at:])))
            for example in islice(probes, share):
                left -= 1
                yield example
            if next(probes, None) is not None:
                self.shortened.append(name)
        yield from self.histories.all(order)

    def _known(self) -> Iterator[Example]:
        for known in self.known.values():
            view = self.model.views.get(known.subject)
            tables = [name for name in (view.tables if view else ()) if name in self.model.tables]
            if known.subject in self.model.subjects:
                reads = self.reads(known.subject)
            elif tables:
                reads = tuple(dict.fromkeys((*self.reads(tables[0]), known.subject)))
            else:
                continue
            yield Example(known.subject, "found before", known.parts, reads)

    def _differs(self, name: str) -> bool:
        return self.model.tables[name].differs or any(mentions(each, name) for each in self.named)

    def _examine(self, batch: Sequence[tuple[Example, Pair]]) -> None:
        """Compare the results of a batch; shrink each example that shows a new cause."""
        suspects: dict[str, list[Example]] = {}
        for example, pair in batch:
            self._count(example, pair)
            tally = self.tallies.get(example.subject)
            errors = example.single_fault and tally is not None and tally.entered > 0
            divergence = outcome_divergence(example, pair, errors=errors)
            if divergence is not None:
                self._keep(example, divergence)
                continue
            for relation in self._suspected(example, pair):
                suspects.setdefault(relation, []).append(example)
        for relation, suspected in suspects.items():
            examples = _sample(suspected, relation)
            found = row_divergences(self.runner, examples, relation, self.found)
            for example, row_divergence in zip(examples, found, strict=True):
                if row_divergence is not None:
                    self._keep(example, row_divergence)

    def _suspected(self, example: Example, pair: Pair) -> list[str]:
        """The relations whose rows differ by their hashes: views only if no table differs."""
        relations = differing_relations(example, pair)
        return [each for each in relations if each in self.model.tables] or relations

    def _count(self, example: Example, pair: Pair) -> None:
        if example.probe == "a valid row" and pair[0].outcomes:
            tally = self.tallies[example.subject]
            tally.tried += 1
            failed = [o for result in pair for o in result.outcomes if not o.accepted]
            tally.entered += not failed
            tally.errors.update((str(outcome), None) for outcome in failed)
        if all(outcome.accepted for result in pair for outcome in result.outcomes):
            for relation, one, other in zip(
                example.reads, pair[0].contents, pair[1].contents, strict=False
            ):
                if relation in self.model.views and one == other and not one.startswith("0:"):
                    self.compared[relation] = self.compared.get(relation, 0) + 1

    def _keep(self, example: Example, divergence: Divergence) -> None:
        """Add a counterexample for a new cause: shrunk, or as it is if the time is up."""
        cause = divergence.cause
        spent = self._spent()
        if spent == "counterexamples":
            return
        alike = sum(known[:3] == cause[:3] for known in self.found)
        if cause in self.found or (cause[0] == "rows" and alike >= ALIKE):
            return
        before = self.known.get(example.statements)
        tried = before.examples if before else self.runner.examples

        def shows(others: Sequence[Example], pairs: Sequence[Pair]) -> int | None:
            return self._shows(divergence, others, pairs)

        smallest = example
        if spent != "seconds":
            smallest = shrink(example, self.runner.results, shows)
        (pair,) = self.runner.results([smallest])
        rows = None
        if divergence.kind == "rows":
            (again,) = row_divergences(self.runner, [smallest], cause[1])
            rows = again.rows if again else divergence.rows
        self.found[cause] = Counterexample(
            subject=example.subject,
            probe=example.probe,
            parts=smallest.statements,
            outcomes=tuple(zip(pair[0].outcomes, pair[1].outcomes, strict=False)),
            rows=rows,
            cause=cause,
            examples=tried,
            query=self._query(rows.relation) if rows else "",
        )

    def _query(self, relation: str) -> str:
        """SQL that refreshes what a relation reads, and selects its rows."""
        view = self.model.views.get(relation)
        refreshed = view.refreshed if view else ()
        return " ".join(
            [*(f"REFRESH MATERIALIZED VIEW {n};" for n in refreshed), f"TABLE {relation};"]
        )

    def _shows(
        self, divergence: Divergence, examples: Sequence[Example], pairs: Sequence[Pair]
    ) -> int | None:
        """The first of some examples that shows the same divergence."""
        errors = divergence.kind == "error"
        outcomes = [
            outcome_divergence(example, pair, errors=errors)
            for example, pair in zip(examples, pairs, strict=True)
        ]
        if divergence.kind != "rows":
            causes = [each.cause if each else None for each in outcomes]
            return causes.index(divergence.cause) if divergence.cause in causes else None
        relation = divergence.cause[1]
        suspects = [
            at
            for at, (example, pair) in enumerate(zip(examples, pairs, strict=True))
            if outcomes[at] is None and relation in self._suspected(example, pair)
        ]
        found = row_divergences(self.runner, [examples[at] for at in suspects], relation)
        for at, row_divergence in zip(suspects, found, strict=True):
            if row_divergence is not None and row_divergence.cause == divergence.cause:
                return at
        return None


def _sample(examples: list[Example], relation: str) -> list[Example]:
    """The examples about a relation, and some of those that are about another one."""
    own = [example for example in examples if example.subject == relation]
    others = [example for example in examples if example.subject != relation]
    return own + others[:: max(1, len(others) // INCIDENTAL)]


def _literals(model: Model, table: Table) -> Literals:
    """The constants in the SQL of both sides that concern a table."""
    texts = [*table.texts]
    texts += [check.expression for check in table.checks]
    texts += [text for key in table.keys for text in (key.predicate, key.exclusion) if text]
    texts += [text for column in table.columns for text in column.defaults if text]
    for trigger in table.triggers:
        texts += [trigger.definition, *called(model, trigger.body)]
    for view in model.views.values():
        if table.name in view.tables:
            texts += view.definitions
    return mine_all(dict.fromkeys(texts))


def called(model: Model, body: str) -> list[str]:
    """A function's body, and those of the functions that it names."""
    bodies = {body: None}
    waiting = [body]
    while waiting:
        text = waiting.pop()
        for functions in model.functions:
            for name, other in functions.items():
                if other not in bodies and mentions(text, name):
                    bodies[other] = None
                    waiting.append(other)
    return list(bodies)
