"""Searches for statements that two databases answer differently."""

from __future__ import annotations

import random
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final, Literal, TypeAlias, cast

from pytest_schema_parity.behavior.statements.builder import Builder
from pytest_schema_parity.behavior.statements.causes import (
    Cause,
    DifferingRows,
    Divergence,
    DivergenceKind,
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
"""Up to so many tables and views, all are read after each example."""
INCIDENTAL: Final = 25
"""How many examples of a batch that are about other tables are looked into for one relation."""
CONFIRMED: Final = 3
"""How often a counterexample is tried again where the two clocks were apart."""
PROBED: Final = 0.8
"""The part of the budget that directed examples may take."""
DIFFERING: Final = 8
"""How much more of it a table gets that differs."""
LEAST: Final = 8
"""How many directed examples each table gets, whatever the budget."""
ALIKE: Final = 4
"""How many counterexamples of more rows, or fewer, are shown of one table or view."""

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
    ``examples`` says how many were tried before.
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
    """How many of the rows that should be valid a table took on both sides, and else why not."""

    table: str
    rows: int
    tried: int
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ViewCompared:
    """A view whose text differs and whose rows were the same in so many examples."""

    view: str
    examples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What was found, and how much was tried.

    ``unconfirmed`` were found once, and not again when they were tried anew.
    ``not_compared`` names the tables and views that only one side has, with the side (0, 1).
    ``left_out`` are tables and views that were not looked at, with the reasons.
    ``exhausted`` is the part of the budget that was spent before everything was tried, else empty;
    ``unreached`` are the tables and views that were not tried then, ``shortened`` the tables with
    more directed examples than their share of the budget.
    """

    counterexamples: tuple[Counterexample, ...] = ()
    unconfirmed: tuple[Counterexample, ...] = ()
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
    """Search for statements that do something else on the candidate than on the reference.

    The databases should be copies: their tables are emptied, in a transaction that is rolled back.
    Tables and views that ``differences`` name come first; those in ``leave_out`` are not looked at,
    but their tables are filled where rows of others refer to them.  ``subjects``, where given, are
    the only ones that are looked at.  Examples that are ``known`` are tried before all others.
    """

    def omits(name: str) -> bool:
        return name in leave_out or (subjects is not None and name not in subjects)

    sides = (reference.tree, reference.conninfo), (candidate.tree, candidate.conninfo)
    with open_runner(*sides, omits) as runner:
        found = Searching(runner, differences, budget, seed, known).search()
        apart = runner.sides.apart
    tries = CONFIRMED if apart else 0
    while tries and found.counterexamples:
        with open_runner(*sides, omits) as runner:
            again = Searching(runner, differences, budget, seed)
            kept = tuple(each for each in found.counterexamples if again.confirms(each))
            tries = tries - 1 if runner.sides.apart else 0
        dropped = tuple(each for each in found.counterexamples if each not in kept)
        found = replace(found, counterexamples=kept, unconfirmed=(*found.unconfirmed, *dropped))
    shown = {each.cause[1] for each in found.counterexamples if each.cause[0] == "rows"}
    return replace(found, views=tuple(each for each in found.views if each.view not in shown))


@dataclass(slots=True)
class _Tally:
    entered: int = 0
    tried: int = 0
    errors: dict[str, None] = field(default_factory=dict)


@dataclass(slots=True)
class _LookedAt:
    """Which tables' rows were compared in which examples, and where any of them differed."""

    tables: set[tuple[Example, str]] = field(default_factory=set)
    differing: set[Example] = field(default_factory=set)

    def others(self, examples: Sequence[Example]) -> list[Example]:
        """The examples in which nothing was found to differ."""
        return [each for each in examples if each not in self.differing]


class Searching:
    """One search: keeps what was found."""

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
        """Try everything, as far as the budget goes; ``views`` are all whose text differs."""
        for batch in self.runner.batches(self._within_budget()):
            self._examine(batch)
        differing = [view.name for view in self.model.views.values() if view.differs]
        return Search(
            counterexamples=tuple(self.found.values()),
            views=tuple(ViewCompared(name, self.compared.get(name, 0)) for name in differing),
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
        """Why a table took no row: the server's errors, or why none could be built."""
        if tally.tried == 0 and name in self.probes.failures:
            return (self.probes.failures[name],)
        return tuple(tally.errors)

    def reads(self, name: str) -> tuple[str, ...]:
        """What is read after an example about a table: all, or what is near where there is much."""
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
        """The part of the budget that is spent; empty while there is something left of all."""
        if self.runner.examples >= self.budget.examples:
            return "examples"
        if len(self.found) >= self.budget.counterexamples:
            return "counterexamples"
        return "seconds" if time.monotonic() > self.deadline else ""

    def examples(self) -> Iterator[Example]:
        """Directed examples, differing tables first; then histories, and databases for views."""
        yield from self._known(self.known.values())
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

    def _known(self, examples: Iterable[Known]) -> Iterator[Example]:
        for known in examples:
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
        """Look at the results of a batch; shrink what shows something new."""
        suspects: dict[str, list[Example]] = {}
        pairs: dict[Example, Pair] = {}
        for example, pair in batch:
            self._count(example, pair)
            tally = self.tallies.get(example.subject)
            errors = example.single_fault and tally is not None and tally.entered > 0
            divergence = outcome_divergence(example, pair, errors=errors)
            if divergence is not None:
                self._keep(example, divergence)
                continue
            for relation in differing_relations(example, pair):
                suspects.setdefault(relation, []).append(example)
                pairs[example] = pair
        looked_at = _LookedAt()
        for relation in sorted(suspects, key=lambda name: name in self.model.views):
            examples = looked_at.others(_sample(suspects[relation], relation))
            if relation in self.model.views:
                examples = self._tables_alike(examples, pairs, looked_at)
            found = row_divergences(self.runner, examples, relation, self.found)
            for example, row_divergence in zip(examples, found, strict=True):
                looked_at.tables.add((example, relation))
                if row_divergence is not None:
                    looked_at.differing.add(example)
                    self._keep(example, row_divergence)
                else:
                    self._count_alike(example, pairs[example], relation)

    def _tables_alike(
        self,
        examples: Sequence[Example],
        pairs: Mapping[Example, Pair],
        looked_at: _LookedAt,
    ) -> list[Example]:
        """The examples in which no table differs but by chance: a view differs by itself there."""
        waiting: dict[str, list[Example]] = {}
        for example in examples:
            for name in differing_relations(example, pairs[example]):
                if name in self.model.tables and (example, name) not in looked_at.tables:
                    waiting.setdefault(name, []).append(example)
        for table, unknown in waiting.items():
            others = looked_at.others(unknown)
            for example, divergence in zip(
                others, row_divergences(self.runner, others, table, self.found), strict=True
            ):
                looked_at.tables.add((example, table))
                if divergence is not None:
                    looked_at.differing.add(example)
        return looked_at.others(examples)

    def _count_alike(self, example: Example, pair: Pair, relation: str) -> None:
        """Count an example in which the rows of a view are the same but for chance."""
        if relation in self.model.views and _accepted(pair):
            at = example.reads.index(relation)
            if not any(_is_empty(result.contents[at]) for result in pair):
                self.compared[relation] = self.compared.get(relation, 0) + 1

    def _count(self, example: Example, pair: Pair) -> None:
        if example.probe == "a valid row" and pair[0].outcomes:
            tally = self.tallies[example.subject]
            tally.tried += 1
            failed = [o for result in pair for o in result.outcomes if not o.accepted]
            tally.entered += not failed
            tally.errors.update((str(outcome), None) for outcome in failed)
        if _accepted(pair):
            for relation, one, other in zip(
                example.reads, pair[0].contents, pair[1].contents, strict=False
            ):
                if relation in self.model.views and one == other and not _is_empty(one):
                    self.compared[relation] = self.compared.get(relation, 0) + 1

    def _keep(self, example: Example, divergence: Divergence) -> None:
        """Shrink an example of a cause that is new; keep it as it is where time is up."""
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

    def confirms(self, example: Counterexample) -> bool:
        """Whether a counterexample shows the same here: no chance of two clocks that were apart."""
        for known in self._known([Known(example.subject, example.parts, 0)]):
            again = replace(known, single_fault=example.cause[0] == "error")
            kind = cast("DivergenceKind", example.cause[0])
            pairs = self.runner.results([again])
            return self._shows(Divergence(kind, example.cause), [again], pairs) is not None
        return True

    def _query(self, relation: str) -> str:
        """SQL that brings what a relation reads up to date, and shows its rows."""
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
        pairs_of = dict(zip(examples, pairs, strict=True))
        suspects = [
            example
            for example, pair, outcome in zip(examples, pairs, outcomes, strict=True)
            if outcome is None and relation in differing_relations(example, pair)
        ]
        if relation in self.model.views:
            suspects = self._tables_alike(suspects, pairs_of, _LookedAt())
        found = row_divergences(self.runner, suspects, relation)
        for example, row_divergence in zip(suspects, found, strict=True):
            if row_divergence is not None and row_divergence.cause == divergence.cause:
                return examples.index(example)
        return None


def _accepted(pair: Pair) -> bool:
    return all(outcome.accepted for result in pair for outcome in result.outcomes)


def _is_empty(content: str) -> bool:
    """Whether a relation had no row, or could not be read."""
    return content.startswith(("0:", "error"))


def _sample(examples: list[Example], relation: str) -> list[Example]:
    """The examples about a relation, and some of those that are about another one."""
    own = [example for example in examples if example.subject == relation]
    others = [example for example in examples if example.subject != relation]
    return own + others[:: max(1, len(others) // INCIDENTAL)]


def _literals(model: Model, table: Table) -> Literals:
    """The constants of both sides that have to do with a table."""
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
