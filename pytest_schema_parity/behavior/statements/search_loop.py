"""The loop of a search: run examples, compare the results, and keep new counterexamples."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final, cast

from pytest_schema_parity.behavior.statements.counterexample import (
    Budget,
    Counterexample,
    Exhausted,
    Known,
    Search,
    ViewCompared,
)
from pytest_schema_parity.behavior.statements.counts import Counts
from pytest_schema_parity.behavior.statements.divergences import (
    Cause,
    Divergence,
    DivergenceKind,
    differing_relations,
    outcome_divergence,
    row_divergences,
)
from pytest_schema_parity.behavior.statements.example import Example, ResultPair
from pytest_schema_parity.behavior.statements.example_source import ExampleSource
from pytest_schema_parity.behavior.statements.outcome import TIMEOUT
from pytest_schema_parity.behavior.statements.random_values import is_random_result
from pytest_schema_parity.behavior.statements.role_differences import (
    differs_for_superuser,
    first_of_role,
)
from pytest_schema_parity.behavior.statements.row_divergences import (
    ComparedTables,
    all_accepted,
    examples_with_equal_tables,
    first_with_same_divergence,
    is_refused,
    reads_for,
    sample_of,
)
from pytest_schema_parity.behavior.statements.runner import Runner
from pytest_schema_parity.behavior.statements.shrink import shrink
from pytest_schema_parity.behavior.statements.side_runner import EXAMPLE_TIMEOUT
from pytest_schema_parity.postgres.cancelling import CannotCancelError
from pytest_schema_parity.schema.difference import Difference

MAX_ALIKE: Final = 4
"""How many counterexamples of one relation with more rows, or with fewer, are kept."""


class SearchLoop:
    """Searches two databases; ``found`` has the counterexamples by cause."""

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
        self.source = ExampleSource(runner, differences, budget.examples, seed)
        self.found: dict[Cause, Counterexample] = {}
        self.counts = Counts(self.model)
        self.exhausted: Exhausted = ""
        self.waiting = 0  # examples of a batch that has not run yet

    def search(self) -> Search:
        """Run all examples within the budget; ``views`` of the result are those that differ."""
        try:
            for batch in self.runner.batches(self._within_budget()):
                self.waiting = 0
                self._examine(batch)
        except CannotCancelError:
            self.exhausted = "stuck"
        differing = [view.name for view in self.model.views.values() if view.differs]
        return Search(
            counterexamples=tuple(self.found.values()),
            views=tuple(
                ViewCompared(name, self.counts.views_with_equal_rows[name]) for name in differing
            ),
            entered=self.counts.entered(self.source.directed_examples.attempts.failures),
            not_compared=self.model.missing + self.model.only,
            left_out=tuple(sorted(self._left_out().items())),
            statements=self.runner.statements,
            examples=self.runner.examples,
            exhausted=self.exhausted or ("examples" if self.source.shortened else ""),
            shortened=tuple(self.source.shortened),
            missing_roles=self.runner.missing_roles,
            as_roles=self.source.roles.made,
            calls=self.source.calls.made.total(),
            stuck=self.runner.running if self.exhausted == "stuck" else (),
            unreached=tuple(self.source.unreached()) if self.exhausted else (),
        )

    def _left_out(self) -> dict[str, str]:
        """What was not tested, with the reasons: also views that are too slow to read."""
        endless = {
            name for side in self.runner.too_slow_views for name, as_role in side if not as_role
        }
        shown = {cause[1] for cause in self.found if cause[0] == "rows"}
        reason = (
            f"it, or a view that it reads, takes longer than {EXAMPLE_TIMEOUT:g} second to read"
        )
        return {**dict.fromkeys(endless - shown, reason), **self.runner.left_out}

    def _within_budget(self) -> Iterator[Example]:
        for example in self.source.all(self.known.values()):
            if spent := self._spent():
                self.exhausted = spent
                return
            if example.subject in self.model.views and example.probe != "found before":
                self.source.tried.add(example.subject)
            self.waiting += 1
            yield example

    def _spent(self) -> Exhausted:
        """The part of the budget that is spent; empty if none is."""
        if self.runner.examples + self.waiting >= self.budget.examples:
            return "examples"
        if len(self.found) >= self.budget.counterexamples:
            return "counterexamples"
        return "seconds" if time.monotonic() > self.deadline else ""

    def _examine(self, batch: Sequence[tuple[Example, ResultPair]]) -> None:
        """Compare the results of a batch; keep the counterexamples with a new cause."""
        suspects: dict[str, list[Example]] = {}
        pairs: dict[Example, ResultPair] = {}
        for example, pair in batch:
            self.counts.count(example, pair)
            errors = example.single_fault and self.counts.has_entered(example.subject)
            divergence = outcome_divergence(example, pair, errors=errors)
            if divergence is not None:
                if not self._differs_for_superuser(example, divergence):
                    self._keep(example, divergence)
                continue
            for relation in differing_relations(example, pair):
                suspects.setdefault(relation, []).append(example)
                pairs[example] = pair
        compared = ComparedTables()
        for relation in sorted(suspects, key=self._layer):
            sample = sample_of(suspects[relation], relation)
            refused = [each for each in sample if is_refused(each, pairs[each], relation)]
            examples = compared.others(sample, self.model, relation)
            examples = [each for each in examples if each not in refused]
            if relation in self.model.views:
                examples = examples_with_equal_tables(
                    self.runner, examples, relation, pairs, compared, self.found
                )
            examples += refused
            found = row_divergences(self.runner, examples, relation, self.found)
            for example, row_divergence in zip(examples, found, strict=True):
                compared.tables.add((example, relation))
                if row_divergence is not None:
                    if row_divergence.cause[2] != "fails" or not example.role:
                        compared.differs(example, relation)
                    if not self._differs_for_superuser(example, row_divergence):
                        self._keep(example, row_divergence)
                else:
                    self.counts.count_equal_rows(example, pairs[example], relation)

    def _layer(self, relation: str) -> int:
        """The sort key of a relation: tables come first, each view after those that it reads."""
        view = self.model.views.get(relation)
        return 1 + len(view.below) if view else 0

    def _differs_for_superuser(self, example: Example, divergence: Divergence) -> bool:
        """Whether a new difference of a role is one of the superuser as well."""
        return divergence.cause not in self.found and differs_for_superuser(
            self.runner, example, divergence
        )

    def _keep(self, example: Example, divergence: Divergence) -> None:
        """Keep an example with a new cause, shrunk if there is time."""
        cause = divergence.cause
        spent = self._spent()
        if spent == "counterexamples":
            return
        if divergence.kind == "result" and divergence.position is not None:
            (pair,) = self.runner.results([example])
            if is_random_result(self.runner, example, pair, divergence.position):
                return
        alike = sum(
            known[:3] == cause[:3] and other.role == example.role
            for known, other in self.found.items()
        )
        if cause in self.found or (cause[0] == "rows" and alike >= MAX_ALIKE):
            return
        before = self.known.get(example.statements)
        tried = before.examples if before else self.runner.examples
        smallest = self._smallest(example, divergence, may_shrink=spent != "seconds")
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
            role=example.role,
            query=self._query(rows.relation, example) if rows else "",
            on_candidate=self._on_candidate(smallest),
        )

    def _smallest(self, example: Example, divergence: Divergence, *, may_shrink: bool) -> Example:
        """The smallest example with the same divergence; of a slow view one with one statement."""

        def shows(others: Sequence[Example], pairs: Sequence[ResultPair]) -> int | None:
            """The index of the first example with the same divergence."""
            return first_of_role(self.runner, divergence, others, pairs, self.found)

        if divergence.kind == "rows" and TIMEOUT in divergence.cause:
            return self._one_statement(example, divergence.cause[1])
        if not may_shrink:
            return example
        narrow = replace(example, reads=reads_for(self.model, divergence, example))
        return shrink(narrow, self.runner.results, shows)

    def _one_statement(self, example: Example, view: str) -> Example:
        """An example after which a view cannot be read in time, with one statement if possible."""
        for statement in example.statements[:MAX_ALIKE] if not example.role else ():
            smaller = replace(example, statements=(statement,))
            (pair,) = self.runner.results([smaller])
            if all_accepted(pair) and self.runner.is_too_slow(smaller, view):
                return smaller
        return example

    def _on_candidate(self, example: Example) -> tuple[str, ...]:
        """The statements with the candidate's names; empty if these are the same."""
        parts = [each.in_names(self.model.renamed) for each in example.statements]
        return tuple(f"{each.sql};" for each in parts) if parts != [*example.statements] else ()

    def confirms(self, example: Counterexample) -> bool:
        """Whether a counterexample has the same divergence in this runner's databases."""
        for known in self.source.known([Known(example.subject, example.parts, 0)]):
            again = replace(known, single_fault=example.cause[0] == "error")
            kind = cast("DivergenceKind", example.cause[0])
            pairs = self.runner.results([again])
            return (
                first_with_same_divergence(
                    self.runner, Divergence(kind, example.cause), [again], pairs
                )
                is not None
            )
        return True

    def _query(self, relation: str, example: Example) -> str:
        """SQL that refreshes what a relation reads, and shows its rows."""
        view = self.model.views.get(relation)
        refreshed = view.refreshed if view and not example.reads_as_role else ()
        return " ".join(
            [*(f"REFRESH MATERIALIZED VIEW {n};" for n in refreshed), f"TABLE {relation};"]
        )
