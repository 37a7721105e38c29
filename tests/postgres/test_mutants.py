"""Mutation analysis: every mutant that is not equivalent is found, and no equivalent one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from support.mutant_schemas import SCHEMAS
from support.mutants import Mutant, ddl, mutants
from support.searching import Searcher, scripts

from pytest_schema_parity.behavior.statements.counterexample import Budget
from pytest_schema_parity.postgres.cluster import Cluster

pytestmark = pytest.mark.campaign

LONGEST = 9


@pytest.mark.parametrize("name", SCHEMAS)
def test_mutants_are_found(
    cluster: Cluster, name: str, record_property: Callable[[str, object], None]
) -> None:
    schema = SCHEMAS[name]
    searcher = Searcher(cluster)
    results: Counter[str] = Counter()
    wrong: list[str] = []
    budget = Budget(seconds=300, counterexamples=1)
    with searcher.built(ddl(schema)) as reference:
        for mutant in mutants(schema):
            found = searcher.against(reference, ddl(mutant.schema), budget=budget)
            result = result_of(mutant, bool(found.counterexamples))
            results[result] += 1
            if result in ("missed", "false alarm"):
                wrong.append(f"{result}: {mutant.operator} {mutant.change}\n{scripts(found)}")
            assert all(len(each.statements) <= LONGEST for each in found.counterexamples)
    record_property("mutants", dict(results))
    assert not wrong, "\n".join(wrong)
    assert results["killed"] > 3


def result_of(mutant: Mutant, found: bool) -> str:
    if mutant.equivalent:
        return "false alarm" if found else "equivalent"
    return "killed" if found else "missed"
