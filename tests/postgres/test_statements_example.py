"""The worked example: the archive's drift is found with no seed, and nothing at parity."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from support.searching import causes, scripts

from pytest_schema_parity.behavior.statements.counterexample import (
    Budget,
    Counterexample,
    DatabaseCopy,
    Search,
)
from pytest_schema_parity.behavior.statements.search import search
from pytest_schema_parity.postgres.databases import drop_database

pytestmark = pytest.mark.campaign

SQL = Path(__file__).parents[2] / "sql"
DEPLOYED = tomllib.loads((SQL / "archive.toml").read_text())["trees"]["deployed"]["files"]
TREES = {
    "prisma": sorted((SQL / "prisma/migrations").glob("*.sql")),
    "supabase": sorted((SQL / "supabase/migrations").glob("*.sql")),
    "deployed": [SQL / file for file in DEPLOYED],
}
PLATFORM = """
SELECT format('%I.%I', nspname, relname)
FROM pg_class JOIN pg_namespace AS n ON n.oid = relnamespace
WHERE relkind IN ('r', 'p', 'v', 'm') AND nspname NOT IN ('pg_catalog', 'information_schema')
"""

Trees = Callable[..., Search]


@pytest.fixture(scope="module")
def compare(supabase_cluster: Any) -> Trees:
    """Builds the trees once, as their tools would, and searches copies of pairs of them."""
    for name, files in TREES.items():
        conninfo = copy(supabase_cluster, "postgres", f"statements_{name}")
        for file in files:
            with psycopg.connect(conninfo) as connection:
                try:
                    connection.execute(file.read_bytes())
                except (psycopg.errors.WrongObjectType, psycopg.errors.UndefinedTable):
                    connection.rollback()  # as sql/supabase/archive/README.md tells
    with psycopg.connect(supabase_cluster.conninfo("postgres")) as connection:
        platform = [name for (name,) in connection.execute(PLATFORM).fetchall()]

    def compare(reference: str, candidate: str, seed: int, **options: Any) -> Search:
        names = ["statements reference", "statements candidate"]
        sides = [
            DatabaseCopy(tree, copy(supabase_cluster, f"statements_{tree}", name))
            for tree, name in zip((reference, candidate), names, strict=True)
        ]
        try:
            options.setdefault("budget", Budget(seconds=300))
            return search(*sides, seed=seed, leave_out=platform, **options)
        finally:
            for name in names:
                drop_database(supabase_cluster, name, force=True)

    return compare


def copy(cluster: Any, original: str, name: str) -> str:
    with psycopg.connect(cluster.conninfo("template1"), autocommit=True) as connection:
        statement = f'CREATE DATABASE "{name}" TEMPLATE "{original}" OWNER postgres'
        connection.execute(statement.encode())
    conninfo: str = cluster.conninfo(name, user="postgres")
    return conninfo


@pytest.fixture(scope="module")
def drift(compare: Trees) -> Search:
    return compare("prisma", "deployed", 0)


def found_by(drift: Search, *cause: str) -> Counterexample:
    """The counterexample whose cause holds all of these words."""
    matching = [e for e in drift.counterexamples if all(word in e.cause for word in cause)]
    assert len(matching) == 1, (cause, causes(drift))
    return matching[0]


def raised(drift: Search, word: str) -> Counterexample:
    """The counterexample in whose last statement the reference raises this."""
    (found,) = [e for e in drift.counterexamples if word in e.outcomes[-1][0].message]
    return found


@pytest.mark.parametrize(
    ("message", "payload"),
    [
        ("Peer training limit exceeded: 51 in 7 days, at most 50", '"peersTrained": 51'),
        ("Student training limit exceeded: 201 in 7 days, at most 200", '"studentsTrained": 201'),
    ],
)
def test_the_quota_is_found_at_its_boundary(drift: Search, message: str, payload: str) -> None:
    example = raised(drift, message)
    assert len(example.statements) == 3
    assert payload in example.statements[-1]
    reference, candidate = example.outcomes[-1]
    assert (reference.sqlstate, candidate.rows) == ("23514", 1)
    assert "check_amplify_quota:" in reference.rejected_by


def test_one_active_submission_for_learn(drift: Search) -> None:
    example = found_by(drift, "uniq_learn_active_submission")
    assert len(example.statements) == 4
    assert "'LEARN'" in example.statements[-1]
    assert "'LEARN'" in example.statements[-2]
    assert example.outcomes[-1][0].sqlstate == "23505"


@pytest.mark.parametrize("table", ["users", "submissions", "points_ledger", "audit_log"])
def test_defaults_of_ids(drift: Search, table: str) -> None:
    matching = [
        each
        for each in drift.counterexamples
        if each.cause[-2:] == ("23502", "id") and each.cause[2].endswith(table)
    ]
    (example,) = matching
    assert "(id" not in example.statements[-1]
    assert example.outcomes[-1][1].rows == 1


def test_the_trigger_on_updates(drift: Search) -> None:
    example = found_by(drift, "public.submissions", "as many", "updated_at")
    assert example.statements[-1].startswith("UPDATE")
    assert example.rows is not None


@pytest.mark.parametrize("view", ["leaderboard_totals", "leaderboard_30d"])
def test_users_without_points_and_other_sums(drift: Search, view: str) -> None:
    examples = [each for each in drift.counterexamples if f"public.{view}" in each.cause]
    nobody = [each for each in examples if len(each.statements) == 1]
    assert "public.users" in nobody[0].statements[0]
    assert len(examples) >= 3, [each.cause for each in examples]


def test_the_window_of_thirty_days(drift: Search) -> None:
    examples = [each for each in drift.counterexamples if "public.leaderboard_30d" in each.cause]
    assert any("points_ledger" in "".join(each.statements) for each in examples)


def test_every_counterexample_is_short(drift: Search) -> None:
    assert max(len(each.statements) for each in drift.counterexamples) <= 5, scripts(drift)
    assert len(drift.counterexamples) < 30, causes(drift)


def test_views_of_one_side_are_named(drift: Search) -> None:
    assert ("public.activity_metrics", 0) in drift.not_compared
    assert ("public.metric_counts", 1) in drift.not_compared


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    ("one", "other"), [("prisma", "supabase"), ("prisma", "prisma"), ("deployed", "deployed")]
)
def test_nothing_at_parity(compare: Trees, one: str, other: str, seed: int) -> None:
    found = compare(one, other, seed)
    assert found.counterexamples == (), scripts(found)
    assert [each.table for each in found.entered if not each.rows] == []
    assert not found.exhausted


ROLES = ("anon", "authenticated")


@pytest.mark.parametrize(("tree", "least"), [("prisma", 100), ("supabase", 500)])
def test_nothing_is_found_between_a_tree_and_itself_as_the_platforms_roles(
    compare: Trees, tree: str, least: int
) -> None:
    found = compare(tree, tree, 1, roles=ROLES)
    assert found.counterexamples == (), scripts(found)
    assert found.missing_roles == ()
    assert found.as_roles > least


def test_what_the_policies_of_one_tree_alone_allow_is_found(compare: Trees) -> None:
    """Prisma's tree grants the roles what the platform does by default, and has no policies."""
    found = compare("prisma", "supabase", 1, roles=ROLES)
    assert {each.role for each in found.counterexamples} == set(ROLES), scripts(found)
    seen = {each.rows.relation for each in found.counterexamples if each.rows}
    assert {"public.users", "public.submissions", "public.leaderboard_totals"} <= seen
