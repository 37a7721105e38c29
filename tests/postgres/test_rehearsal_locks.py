"""``locks``: what a step locks, rewrites and waits for, and what cannot be observed."""

from __future__ import annotations

from pathlib import Path

import pytest
from psycopg.errors import UndefinedTable
from support.campaign import one_in
from support.rehearsals import (
    CONFIGURATION,
    DEPLOYED,
    DEPLOYED_ONLY,
    FILES,
    SEED,
    open_on,
    results_of,
)

from pytest_schema_parity.postgres.cluster import Cluster


def test_an_enum_whose_new_value_is_used_at_once(cluster: Cluster, tmp_path: Path) -> None:
    """The file is run statement by statement, and so its locks and rewrites are measured."""
    files = dict(DEPLOYED_ONLY)
    mood = "CREATE TYPE mood AS ENUM ('sad'{});CREATE TABLE moods (id {}, mood mood);"
    files["deployed.sql"] = DEPLOYED + mood.format("", "int")
    files["main.sql"] = DEPLOYED + mood.format(", 'new'", "bigint")
    files["seed.sql"] = SEED + "INSERT INTO moods VALUES (1, 'sad');"
    files["upgrade/4_mood.up.sql"] = (
        "SET lock_timeout = '1s';\nALTER TYPE mood ADD VALUE IF NOT EXISTS 'new';\n"
        "UPDATE moods SET mood = 'new';\nALTER TABLE moods ALTER id TYPE bigint;\n"
    )
    parity = open_on(cluster, tmp_path, files)
    try:
        found = {check: parity.result("rehearsal", check) for check in ("upgrade", "locks")}
    finally:
        parity.trees.close()
    assert found["upgrade"].outcome == "passed", found
    assert [finding.title for finding in found["locks"].failing] == [
        "upgrade/4_mood.up.sql:4: rewrites public.moods, which no_rewrite forbids",
        "upgrade/4_mood.up.sql:3: fails after lock_timeout and leaves the step half done:"
        " 1 fact changed",
    ]


@pytest.mark.parametrize("kind", one_in(2, ["MATERIALIZED VIEW", "VIEW"]))
def test_a_step_waits_for_readers_of_a_view(cluster: Cluster, tmp_path: Path, kind: str) -> None:
    files = dict(DEPLOYED_ONLY)
    view = f"\nCREATE {kind} others AS SELECT 1 AS one{' WITH NO DATA' * (kind != 'VIEW')};\n"
    for name in ("deployed.sql", "main.sql"):
        files[name] = f"{files[name]}{view}"
    name = "upgrade/4_view.up.sql"
    files[name] = f"SELECT 1;\nDROP {kind} others;{view}"
    limits = 'no_rewrite = true\nmax_lock = "SHARE"'
    configuration = CONFIGURATION.replace("no_rewrite = true", limits)
    (found,) = results_of(cluster, tmp_path, files, "locks", configuration=configuration)
    titles = [finding.title for finding in found.failing if name in finding.title]
    assert titles == [
        f"{name}:2: takes ACCESS EXCLUSIVE on public.others; max_lock is SHARE",
        f"{name}:2: waits without limit for a concurrent transaction, and later sessions wait"
        " behind it: SET lock_timeout first",
    ]


def test_locks_that_cannot_be_seen_are_not_checked_against_a_limit(
    cluster: Cluster, tmp_path: Path
) -> None:
    files = dict(DEPLOYED_ONLY)
    name = "upgrade/4_index.up.sql"
    files[name] = "SET lock_timeout = '1s';\nCREATE INDEX CONCURRENTLY log_line ON log (line);\n"
    limits = 'no_rewrite = true\nmax_lock = "ACCESS EXCLUSIVE"'
    parity = open_on(cluster, tmp_path, files, CONFIGURATION.replace("no_rewrite = true", limits))
    try:
        titles = [finding.title for finding in parity.result("rehearsal", "locks").failing]
    finally:
        parity.trees.close()
    unchecked = [title for title in titles if "not checked" in title]
    assert len(unchecked) == 1, titles
    assert unchecked[0].startswith(f"{name}:2: not checked: max_lock is ACCESS EXCLUSIVE")


def test_what_cannot_be_observed_is_a_failure(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise UndefinedTable("no such table")

    module = "pytest_schema_parity.checks.rehearsal_locks"
    monkeypatch.setattr(f"{module}.observe", refuse)
    monkeypatch.setattr(f"{module}.run_beside_a_writer", refuse)
    parity = open_on(cluster, tmp_path, dict(FILES))
    try:
        titles = [finding.title for finding in parity.result("rehearsal", "locks").failing]
    finally:
        parity.trees.close()
    assert len(titles) == 6
    assert all("not checked: it" in title and "no such table" in title for title in titles)
