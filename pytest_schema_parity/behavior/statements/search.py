"""Search for statements that have different results on two databases."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

from pytest_schema_parity.behavior.statements.counterexample import (
    ANY_BUDGET,
    Budget,
    DatabaseCopy,
    Known,
    Search,
)
from pytest_schema_parity.behavior.statements.open_runner import open_runner
from pytest_schema_parity.behavior.statements.renamed_columns import renamed_columns
from pytest_schema_parity.behavior.statements.search_loop import SearchLoop
from pytest_schema_parity.schema.difference import Difference

MAX_CONFIRMATIONS: Final = 3
"""How often counterexamples are tried again if the now() of the two databases differed."""


def search(
    reference: DatabaseCopy,
    candidate: DatabaseCopy,
    *,
    differences: Sequence[Difference] = (),
    budget: Budget = ANY_BUDGET,
    seed: int = 0,
    leave_out: Collection[str] = (),
    subjects: Collection[str] | None = None,
    known: Sequence[Known] = (),
    roles: Sequence[str] = (),
) -> Search:
    """Search for statements with different outcomes, or rows, on candidate and reference.

    The databases should be copies: their tables are emptied, in a transaction that is rolled back.
    Tables and views that ``differences`` name come first; those in ``leave_out`` are not tested,
    but their tables get rows that others refer to.  If ``subjects`` are given, only these are
    tested.  ``known`` counterexamples come first.  Statements run as each of ``roles`` as well.
    """

    def omits(name: str) -> bool:
        """Whether a table, view or routine is not tested."""
        return name in leave_out or (subjects is not None and name not in subjects)

    sides = (reference.tree, reference.conninfo), (candidate.tree, candidate.conninfo)
    renamed = renamed_columns(differences)
    with open_runner(*sides, omits, roles, renamed) as runner:
        found = SearchLoop(runner, differences, budget, seed, known).search()
        apart = runner.sides.apart
    tries = MAX_CONFIRMATIONS if apart else 0
    while tries and found.counterexamples:
        with open_runner(*sides, omits, roles, renamed) as runner:
            again = SearchLoop(runner, differences, budget, seed)
            kept = tuple(each for each in found.counterexamples if again.confirms(each))
            tries = tries - 1 if runner.sides.apart else 0
        dropped = tuple(each for each in found.counterexamples if each not in kept)
        found = replace(found, counterexamples=kept, unconfirmed=(*found.unconfirmed, *dropped))
    shown = {each.cause[1] for each in found.counterexamples if each.cause[0] == "rows"}
    views = tuple(each for each in found.views if each.view not in shown)
    return replace(found, views=views, roles=tuple(roles))
