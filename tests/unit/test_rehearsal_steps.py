"""Which files are the steps of an upgrade, in which order, and what takes each back."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.schemas import fact, schema, table

from pytest_schema_parity.checks.configured_rehearsal import own_tables
from pytest_schema_parity.errors import TreeError
from pytest_schema_parity.rehearsal.steps import load_steps


def write(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def loaded(root: Path) -> list[tuple[str, str, str | None]]:
    return [
        (
            step.name,
            step.up.relative_to(root).as_posix(),
            step.down.relative_to(root).as_posix() if step.down else None,
        )
        for step in load_steps(root).steps
    ]


def test_pairs_side_by_side_go_by_number(tmp_path: Path) -> None:
    write(tmp_path, "10_c.up.sql", "10_c.down.sql", "9_b.up.sql", "001_a.up.sql", "001_a.down.sql")
    assert loaded(tmp_path) == [
        ("001_a", "001_a.up.sql", "001_a.down.sql"),
        ("9_b", "9_b.up.sql", None),
        ("10_c", "10_c.up.sql", "10_c.down.sql"),
    ]


def test_flyways_versions_go_part_by_part(tmp_path: Path) -> None:
    write(tmp_path, "V1.10__c.sql", "V1.9__b.sql", "U1.9__b.sql", "V1__a.sql", "U1__a.sql")
    assert loaded(tmp_path) == [
        ("1__a", "V1__a.sql", "U1__a.sql"),
        ("1.9__b", "V1.9__b.sql", "U1.9__b.sql"),
        ("1.10__c", "V1.10__c.sql", None),
    ]


def test_prismas_directories(tmp_path: Path) -> None:
    write(tmp_path, "2025_a/migration.sql", "2025_a/down.sql", "2026_b/migration.sql", "notes/x")
    assert loaded(tmp_path) == [
        ("2025_a", "2025_a/migration.sql", "2025_a/down.sql"),
        ("2026_b", "2026_b/migration.sql", None),
    ]


def test_other_files_are_named_as_skipped(tmp_path: Path) -> None:
    write(tmp_path, "1_a.up.sql", "1_a.check.sql", "2_b.upp.sql", "README.md")
    skipped = load_steps(tmp_path).skipped
    assert [path.name for path in skipped] == ["1_a.check.sql", "2_b.upp.sql"]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["1_a.sql"], r"contains no step of an upgrade\. Looked for: 001_name\.up\.sql"),
        (["1_a.up.sql", "01_b.up.sql"], "have the same number; renumber one"),
        (["V1__a.sql", "V1.0__b.sql"], "have the same number; renumber one"),
        (["1_a.up.sql", "2_b.down.sql"], r"2_b\.down\.sql is a down file without an up file"),
        (["1_a.up.sql", "cleanup.up.sql"], r"cleanup\.up\.sql has no number that says when"),
        (["1_a.up.sql", "2-b.down.sql"], r"2-b\.down\.sql has no number that says when"),
        (["V1__a.sql", "V2_b.sql"], r"V2_b\.sql has no number that says when"),
        (["1_a.up.sql", "1_b.down.sql"], r"1_b\.down\.sql is a down file without an up file"),
    ],
)
def test_what_is_no_upgrade(tmp_path: Path, names: list[str], message: str) -> None:
    with pytest.raises(TreeError, match=message):
        load_steps(write(tmp_path, *names))


def test_no_directory(tmp_path: Path) -> None:
    with pytest.raises(TreeError, match="is not a directory with the steps of an upgrade"):
        load_steps(tmp_path / "missing")


def test_the_examples_upgrade() -> None:
    found = load_steps(Path(__file__).parents[2] / "sql/supabase/upgrade")
    assert len(found.steps) == 10
    assert all(step.down for step in found.steps)
    assert {path.name for path in found.skipped} == {
        "digest.sql",
        *(f"{step.name}.check.sql" for step in found.steps),
    }


def test_generated_rows_are_for_tables_of_the_project_alone() -> None:
    found = schema(
        table("users", "id int"),
        fact("table", "public.users_2025", ("schema", "public"), partition_of="public.users"),
        fact("table", "cron.job", ("extension", "pg_cron")),
    )
    assert own_tables(found) == {"public.users"}
