"""Searches for statements that two databases answer differently."""

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
from pytest_schema_parity.behavior.statements.search_loop import Searching
from pytest_schema_parity.schema.difference import Difference

CONFIRMED: Final = 3
"""How often a counterexample is tried again where the two clocks were apart."""


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
    """Search for statements that do something else on the candidate than on the reference.

    The databases should be copies: their tables are emptied, in a transaction that is rolled back.
    Tables and views that ``differences`` name come first; those in ``leave_out`` are not looked at,
    but their tables are filled where rows of others refer to them.  ``subjects``, where given, are
    the only ones that are looked at.  Examples that are ``known`` are tried before all others.
    Statements run as each of the ``roles`` as well.
    """

    def omits(name: str) -> bool:
        return name in leave_out or (subjects is not None and name not in subjects)

    sides = (reference.tree, reference.conninfo), (candidate.tree, candidate.conninfo)
    renamed = renamed_columns(differences)
    with open_runner(*sides, omits, roles, renamed) as runner:
        found = Searching(runner, differences, budget, seed, known).search()
        apart = runner.sides.apart
    tries = CONFIRMED if apart else 0
    while tries and found.counterexamples:
        with open_runner(*sides, omits, roles, renamed) as runner:
            again = Searching(runner, differences, budget, seed)
            kept = tuple(each for each in found.counterexamples if again.confirms(each))
            tries = tries - 1 if runner.sides.apart else 0
        dropped = tuple(each for each in found.counterexamples if each not in kept)
        found = replace(found, counterexamples=kept, unconfirmed=(*found.unconfirmed, *dropped))
    shown = {each.cause[1] for each in found.counterexamples if each.cause[0] == "rows"}
    views = tuple(each for each in found.views if each.view not in shown)
    return replace(found, views=views, roles=tuple(roles))
