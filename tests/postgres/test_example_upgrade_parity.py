"""The upgraded database is what a new one is: by the gate, for requests, in the rows of views."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import psycopg
import pytest
from support.campaign import in_campaign
from support.upgrade import (
    LATER,
    SQL,
    copy,
    deployed_files,
    make_database,
    rows,
    run,
    steps,
)

from pytest_schema_parity.checks.open_parity import open_parity
from pytest_schema_parity.checks.parity import Parity
from pytest_schema_parity.config import load_config
from pytest_schema_parity.postgres.cluster import Cluster
from pytest_schema_parity.postgres.databases import drop_database
from pytest_schema_parity.postgres.installation import Installation

ROOT = SQL.parent
GATE = SQL / "upgrade.toml"
COLUMNS = {
    "leaderboard_totals": "user_id, handle, name, avatar_url, school, cohort, total_points,"
    " public_submissions, last_activity_at",
    "activity_metrics": "*",
}
COLUMNS["leaderboard_30d"] = COLUMNS["leaderboard_totals"]


@pytest.fixture(scope="module")
def prisma(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's own gate, with the upgraded database in the place of Supabase's tree.

    It has the project's allowances, and those of ``upgrade.toml``.
    """
    own = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    own = own[own.index("[tool.pytest-schema-parity]") : own.index("[tool.importlinter]")]
    upgrade = GATE.read_text(encoding="utf-8")
    files = re.search(
        r"^\[trees\.upgraded\]\nfiles = (\[.*?^\])", upgrade, re.DOTALL | re.MULTILINE
    )
    assert files
    listed = files[1].replace('"supabase/', f'"{SQL}/supabase/')
    own = own.replace('path = "sql/supabase/migrations"', f"files = {listed}")
    own = own.replace('"sql/', f'"{SQL}/')
    allowed = upgrade[upgrade.index("# Not of compatibility") :]
    for trees in ('["upgraded", "rehearsal"]', '"upgraded"'):
        allowed = allowed.replace(f"tree = {trees}", 'tree = "supabase"')
    allowed = allowed.replace("[[allow]]", "[[tool.pytest-schema-parity.allow]]")
    file = tmp_path_factory.mktemp("prisma") / "pyproject.toml"
    file.write_text(own + allowed, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def upgraded(upgrade_databases: dict[str, str]) -> str:
    """The name of the deployed database with its rows, after all steps."""
    return upgrade_databases[steps()[-1].name]


@pytest.fixture(scope="module")
def against_prisma(prisma: Path, installation: Installation) -> Iterator[Parity]:
    """The upgraded database beside Prisma's tree, where it is called ``supabase``."""
    with opened(prisma, installation) as parity:
        yield parity


@contextmanager
def opened(file: Path, installation: Installation) -> Iterator[Parity]:
    config = load_config(file)
    assert config
    parity = open_parity(config, bindir=installation.bindir)
    try:
        yield parity
    finally:
        parity.trees.close()


def gate(file: Path, installation: Installation) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:randomly"]
    command += [f"--schema-parity-bindir={installation.bindir}", "--schema-parity", str(file)]
    variables = {name: os.environ[name] for name in os.environ if not name.startswith("PYTEST_")}
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, env=variables
    )


def test_the_gate_knows_every_step() -> None:
    trees = tomllib.loads(GATE.read_text(encoding="utf-8"))["trees"]
    assert [SQL / name for name in trees["deployed"]["files"]] == deployed_files()
    files = [SQL / name for name in trees["upgraded"]["files"]]
    assert files == [*deployed_files(), *(step.up for step in steps())]
    later = [SQL / name for name in trees["retired"]["files"]]
    assert later == [*files, LATER.with_suffix(".up.sql")]


def test_it_has_the_schema_of_supabases_tree(installation: Installation) -> None:
    with opened(GATE, installation) as parity:
        for name in ("upgraded", "retired"):
            assert not parity.trees[name].applied.failures
            assert not parity.trees[name].comparison.failing


def test_it_has_the_schema_of_prismas_tree(against_prisma: Parity) -> None:
    assert not against_prisma.trees["supabase"].applied.failures
    assert not against_prisma.trees["supabase"].comparison.failing


@pytest.mark.campaign
def test_it_is_at_parity_with_supabases_tree(installation: Installation) -> None:
    done = gate(GATE, installation)
    assert done.returncode == pytest.ExitCode.OK, done.stdout + done.stderr


@pytest.mark.campaign
def test_it_is_at_parity_with_prismas_tree(prisma: Path, installation: Installation) -> None:
    done = gate(prisma, installation)
    assert done.returncode == pytest.ExitCode.OK, done.stdout + done.stderr
    assert "reference prisma: 4 files" in done.stdout


@pytest.mark.campaign
def test_without_one_step_it_is_not(prisma: Path, installation: Installation) -> None:
    """The gates above could fail: each step but the indexes, which are allowed, is needed."""
    text = prisma.read_text(encoding="utf-8")
    text = text.replace('tree = "supabase"', 'tree = "*"')
    needed = [step for step in steps() if step.name != "001_admin_indexes"]
    for step in needed:
        others = [other.up for other in steps() if other != step]
        files = [str(file) for file in (*deployed_files(), *others)]
        text += f"\n[tool.pytest-schema-parity.trees.without_{step.name}]\nfiles = {files}\n"
    (prisma.parent / "less").mkdir()
    (prisma.parent / "less/pyproject.toml").write_text(text, encoding="utf-8")
    with opened(prisma.parent / "less/pyproject.toml", installation) as parity:
        assert not parity.trees["supabase"].comparison.failing
        for step in needed:
            built = parity.trees[f"without_{step.name}"]
            assert built.applied.failures or built.comparison.failing, step.name


def test_the_admin_indexes_are_on_the_right_tables(
    supabase_cluster: Cluster, upgraded: str
) -> None:
    with psycopg.connect(supabase_cluster.conninfo(upgraded)) as connection:
        found = connection.execute(
            "SELECT indexdef FROM pg_indexes WHERE indexname = ANY (%s) ORDER BY 1",
            [re.findall(r"idx_\w+", steps()[0].down.read_text(encoding="utf-8"))],
        ).fetchall()
    create = "CREATE INDEX {} ON public.{} USING btree ({})"
    assert [definition for (definition,) in found] == [
        create.format("idx_submissions_reviewer_id", "submissions", "reviewer_id"),
        create.format(
            "idx_submissions_status_created_at", "submissions", "status, created_at DESC"
        ),
        create.format("idx_submissions_updated_at", "submissions", "updated_at DESC"),
        create.format("idx_users_role_cohort", "users", "role, cohort"),
    ]


def test_requests_reach_what_they_should(against_prisma: Parity) -> None:
    """``sql/requests.toml``, on the upgraded database: policies and privileges do the same."""
    checks().requests_reach_what_they_should(against_prisma.trees["supabase"])


def checks() -> ModuleType:
    """The project's own conftest.py."""
    spec = importlib.util.spec_from_file_location("project_conftest", ROOT / "conftest.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_stays_for_clients_of_before_is_marked(
    supabase_cluster: Cluster, upgraded: str
) -> None:
    """Every view, function and column that is allowed as compatibility says when it goes."""
    with psycopg.connect(supabase_cluster.conninfo(upgraded)) as connection:
        marked = connection.execute(
            "SELECT pg_describe_object(classoid, objoid, objsubid) FROM pg_description"
            " WHERE description LIKE 'Compatibility: goes with %' ORDER BY 1"
        ).fetchall()
    assert [name for (name,) in marked] == [
        *(
            f"column {column} of materialized view {view}"
            for column in ("activities_completed", "id", "last_activity_date")
            for view in ("leaderboard_30d", "leaderboard_totals")
        ),
        "function get_evidence_signed_url(text,integer)",
        "function get_user_role(text)",
        "function refresh_leaderboards_concurrent()",
        "view metric_counts",
        "view public_submission_metrics",
        "view user_points_summary",
    ]


@pytest.mark.parametrize("tree", ["prisma", "supabase"])
@pytest.mark.parametrize("retired", [False, *in_campaign([True])])
def test_its_views_give_what_those_of_a_new_database_give(
    supabase_cluster: Cluster, upgraded: str, tree: str, retired: bool
) -> None:
    """For the same rows, the nasty ones included: copied over as they lie in the upgraded one."""
    files = sorted((SQL / tree / "migrations").glob("*.sql"))
    new = make_database(supabase_cluster, "parity_new", files)
    try:
        with copy(supabase_cluster, upgraded, "parity_copy") as old:
            if retired:
                run(old, LATER.with_suffix(".up.sql"))
            copy_rows(old, new)
            for view, columns in COLUMNS.items():
                found = []
                for conninfo in (old, new):
                    with psycopg.connect(conninfo) as connection:
                        connection.execute("SELECT public.refresh_leaderboards()")
                        found.append(
                            sorted(connection.execute(f"SELECT {columns} FROM {view}"), key=repr)
                        )
                assert found[0] == found[1], view
                assert len(found[0]) > 4
    finally:
        drop_database(supabase_cluster, "parity_new", force=True)


def copy_rows(source: str, target: str) -> None:
    """Copy all tables; without triggers and foreign keys: the rows are older than the rules."""
    with psycopg.connect(source) as old, psycopg.connect(target) as new:
        new.execute("SET session_replication_role = replica")
        tables = old.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in tables.fetchall():
            columns = ", ".join(rows(old, table)[0]) if rows(old, table) else None
            if columns:
                with (
                    old.cursor().copy(f"COPY {table} ({columns}) TO STDOUT") as out,
                    new.cursor().copy(f"COPY {table} ({columns}) FROM STDIN") as into,
                ):
                    for data in out:
                        into.write(data)
