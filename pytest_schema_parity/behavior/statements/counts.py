"""Count the rows that each table accepted, and the examples in which a view had equal rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from pytest_schema_parity.behavior.statements.counterexample import Entered
from pytest_schema_parity.behavior.statements.example import Example, ResultPair
from pytest_schema_parity.behavior.statements.model import Model
from pytest_schema_parity.behavior.statements.row_divergences import all_accepted, is_empty


@dataclass(slots=True)
class _RowCount:
    """How many rows a table was to accept, how many both sides accepted, and the errors."""

    entered: int = 0
    tried: int = 0
    errors: dict[str, None] = field(default_factory=dict)


class Counts:
    """Counts for the tables and views of a model; ``views_with_equal_rows`` is by view."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._row_counts: dict[str, _RowCount] = {name: _RowCount() for name in model.subjects}
        self.views_with_equal_rows: Counter[str] = Counter()

    def count(self, example: Example, pair: ResultPair) -> None:
        """Count an example of a valid row, and the views with the same rows on both sides."""
        if example.probe == "a valid row" and pair[0].outcomes:
            count = self._row_counts[example.subject]
            count.tried += 1
            failed = [o for result in pair for o in result.outcomes if not o.accepted]
            count.entered += not failed
            count.errors.update((str(outcome), None) for outcome in failed)
        if all_accepted(pair) and not example.reads_as_role:
            for relation, one, other in zip(
                example.reads, pair[0].contents, pair[1].contents, strict=False
            ):
                if relation in self._model.views and one == other and not is_empty(one):
                    self.views_with_equal_rows[relation] += 1

    def count_equal_rows(self, example: Example, pair: ResultPair, relation: str) -> None:
        """Count an example in which the rows of a view differ in random values only."""
        if relation in self._model.views and all_accepted(pair) and not example.role:
            at = example.reads.index(relation)
            if not any(is_empty(result.contents[at]) for result in pair):
                self.views_with_equal_rows[relation] += 1

    def has_entered(self, name: str) -> bool:
        """Whether both sides accepted a row of this table."""
        return name in self._row_counts and self._row_counts[name].entered > 0

    def entered(self, failures: Mapping[str, str]) -> tuple[Entered, ...]:
        """The counts of all tables; ``failures`` says by table why no row was built."""
        return tuple(
            Entered(name, count.entered, count.tried, self._errors(name, failures))
            for name, count in self._row_counts.items()
        )

    def _errors(self, name: str, failures: Mapping[str, str]) -> tuple[str, ...]:
        """Why a table accepted no row: the errors of the server, or why none could be built."""
        count = self._row_counts[name]
        if count.tried == 0 and name in failures:
            return (failures[name],)
        return tuple(count.errors)
