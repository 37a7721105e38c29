"""How many rows entered each table, and in how many examples a view had the same rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from pytest_schema_parity.behavior.statements.counterexample import Entered
from pytest_schema_parity.behavior.statements.example import Example, ResultPair
from pytest_schema_parity.behavior.statements.model import Model
from pytest_schema_parity.behavior.statements.row_divergences import all_accepted, is_empty


@dataclass(slots=True)
class _Tally:
    entered: int = 0
    tried: int = 0
    errors: dict[str, None] = field(default_factory=dict)


class Tallies:
    """Counts for the tables and views of a model; ``alike`` is by view."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._tallies: dict[str, _Tally] = {name: _Tally() for name in model.subjects}
        self.alike: Counter[str] = Counter()

    def count(self, example: Example, pair: ResultPair) -> None:
        """Count a row that was tried, and the views that have the same rows."""
        if example.probe == "a valid row" and pair[0].outcomes:
            tally = self._tallies[example.subject]
            tally.tried += 1
            failed = [o for result in pair for o in result.outcomes if not o.accepted]
            tally.entered += not failed
            tally.errors.update((str(outcome), None) for outcome in failed)
        if all_accepted(pair) and not example.reads_as_role:
            for relation, one, other in zip(
                example.reads, pair[0].contents, pair[1].contents, strict=False
            ):
                if relation in self._model.views and one == other and not is_empty(one):
                    self.alike[relation] += 1

    def count_alike(self, example: Example, pair: ResultPair, relation: str) -> None:
        """Count an example in which the rows of a view are the same but for chance."""
        if relation in self._model.views and all_accepted(pair) and not example.role:
            at = example.reads.index(relation)
            if not any(is_empty(result.contents[at]) for result in pair):
                self.alike[relation] += 1

    def has_entered(self, name: str) -> bool:
        """Whether a row has entered this table."""
        return name in self._tallies and self._tallies[name].entered > 0

    def entered(self, failures: Mapping[str, str]) -> tuple[Entered, ...]:
        """The counts of all tables; ``failures`` has why no row of a table could be built."""
        return tuple(
            Entered(name, tally.entered, tally.tried, self._errors(name, failures))
            for name, tally in self._tallies.items()
        )

    def _errors(self, name: str, failures: Mapping[str, str]) -> tuple[str, ...]:
        """Why a table took no row: the server's errors, or why none could be built."""
        tally = self._tallies[name]
        if tally.tried == 0 and name in failures:
            return (failures[name],)
        return tuple(tally.errors)
