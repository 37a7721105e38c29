"""Steps in Prisma's form are carried out as Prisma's engine does: one query a file, and a table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pytest_schema_parity.migrations.prisma_engine import OWN_FILE_REMEDY
from pytest_schema_parity.postgres.cluster import Cluster
from pytest_schema_parity.postgres.databases import create_database, drop_database
from pytest_schema_parity.rehearsal.rehearse import Rehearsal
from pytest_schema_parity.rehearsal.steps import load_steps, tree_of

ONE = "CREATE INDEX CONCURRENTLY one ON t (a);\n"
TWO = ONE + "CREATE INDEX CONCURRENTLY two ON t (b);\n"


@pytest.fixture
def source(cluster: Cluster) -> Iterator[str]:
    conninfo = create_database(cluster, "as_prisma")
    with psycopg.connect(conninfo) as connection:
        connection.execute("CREATE TABLE t (id int PRIMARY KEY, a int, b int)")
    yield "as_prisma"
    drop_database(cluster, "as_prisma", force=True)


def upgraded(
    cluster: Cluster, source: str, root: Path, up: str
) -> tuple[list[tuple[str, str | None]], set[str]]:
    """What fails in a step with this migration.sql, with the hints, and the tables after it."""
    (root / "002_b").mkdir()
    (root / "002_b" / "migration.sql").write_text(up)
    steps = load_steps(root).steps
    with Rehearsal(cluster, source, steps, role=cluster.superuser, root=root) as rehearsal:
        (outcome,) = rehearsal.upgrade()
        tables = {fact.name for fact in rehearsal.schema().of_kind("table")}
    return [(failure.message, failure.hint) for failure in outcome.failures], tables


def test_two_statements_that_want_no_transaction_fail(
    cluster: Cluster, source: str, tmp_path: Path
) -> None:
    ((message, hint),), tables = upgraded(cluster, source, tmp_path, TWO)
    assert "CONCURRENTLY cannot run inside a transaction block" in message
    assert hint == OWN_FILE_REMEDY
    assert tables == {"public.t"}


def test_one_such_statement_does_not_fail(cluster: Cluster, source: str, tmp_path: Path) -> None:
    assert upgraded(cluster, source, tmp_path, ONE) == ([], {"public.t"})


def test_a_step_that_keeps_prisma_from_its_table_fails(
    cluster: Cluster, source: str, tmp_path: Path
) -> None:
    up = "CREATE SCHEMA app;\nSET search_path = app;\n"
    ((message, hint),), _ = upgraded(cluster, source, tmp_path, up)
    assert "P1014" in message
    assert "RESET search_path" in str(hint)


def test_other_files_are_carried_out_by_themselves(tmp_path: Path) -> None:
    for name, layout in (
        ("migration.sql", "prisma"),
        ("down.sql", "files"),
        ("V1__a.sql", "files"),
    ):
        (tmp_path / name).write_text(TWO)
        tree = tree_of(tmp_path / name, tmp_path)
        assert (tree.layout, [file.name for file in tree.files]) == (layout, [name])
