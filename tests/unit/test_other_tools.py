"""Migrations of tools without a layout are refused, by the tool's name and with a remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_schema_parity.errors import TreeError
from pytest_schema_parity.migrations.tree import load_tree


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.mark.parametrize(
    ("text", "tool", "line"),
    [
        ("-- +goose Up\nSELECT 1;\n-- +goose Down\n", "goose", 1),
        ("SELECT 1;\n\n  --+goose down\n", "goose", 3),
        ("-- migrate:up\nSELECT 1;\n", "dbmate", 1),
        ("SELECT 1;\r\n-- migrate:down transaction:false\r\n", "dbmate", 2),
        ("-- +migrate Up\n", "sql-migrate", 1),
        ("-- +micrate Down\n", "Micrate", 1),
        ("SELECT 1;\n---- create above / drop below ----\n", "tern", 2),
        ("SELECT 1;\n-- //@UNDO\n", "MyBatis Migrations", 2),
        ("-- rambler up\n", "rambler", 1),
        ("-- !Ups\nSELECT 1;\n", "Play evolutions", 1),
        ("# --- !Downs\n", "Play evolutions", 1),
        ("-- ==== DOWN ====\n", "shmig", 1),
    ],
)
def test_a_file_with_parts_up_and_down_is_refused(
    tmp_path: Path, text: str, tool: str, line: int
) -> None:
    write(tmp_path, {"m/1.sql": "SELECT 1;", "m/2.sql": text})
    expected = rf"tree 't': .*/m/2\.sql:{line} is written for {tool},.*pg_dump"
    for arguments in ({"path": "m"}, {"path": "m/2.sql"}, {"files": ["m/2.sql"]}):
        with pytest.raises(TreeError, match=expected):
            load_tree("t", root=tmp_path, **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "-- we use +goose elsewhere\n",
        "SELECT 'a' -- +goose Up\n",
        "-- migrate: up the hill\n",
        "-- up and down\n",
        "INSERT INTO t VALUES ('-- migrate:up');\n",
    ],
)
def test_other_comments_are_none_of_a_tool(tmp_path: Path, text: str) -> None:
    write(tmp_path, {"m/1.sql": text})
    assert len(load_tree("t", root=tmp_path, path="m").files) == 1


@pytest.mark.parametrize(
    ("names", "refused"),
    [
        (["1_a.up.sql", "1_a.down.sql"], r"1_a\.down\.sql is a down migration of .*golang-migrate"),
        (["1_a.up.sql", "2_b.down.sql"], r"2_b\.down\.sql is a down migration of .*sqlx"),
        (["1-a-up.sql", "1-a-down.sql"], r"1-a-down\.sql is a down migration"),
        (["20250101000000_a.sql", "20250101000000_a_down.sql"], "a_down.sql is a down migration"),
        (
            ["001.do.a.sql", "1.do.sql", "1.undo.sql"],
            r"1\.undo\.sql is a down migration of .*Postgrator",
        ),
        (["1.a.sql", "1.a.rollback.sql"], r"rollback\.sql is a down migration of .*yoyo"),
        (["V1__a.sql"], r"V1__a\.sql has a name of Flyway's form"),
        (["V1_2__a.sql", "V10__b.sql"], "Flyway"),
        (["U1.1__a.sql"], "Flyway"),
        (["R__views.sql"], "Flyway"),
        (["2025_a/up.sql", "2025_a/down.sql"], r"2025_a/down\.sql is a down migration of .*Diesel"),
        (["up.sql", "down.sql"], r"down\.sql is a down migration of .*Diesel"),
        (["sqitch.plan", "deploy/a.sql"], r"sqitch\.plan is a plan of Sqitch"),
        (["alembic.ini", "schema.sql"], r"alembic\.ini belongs to Alembic"),
        (["script.py.mako", "env.py", "versions/1_a.py"], "belongs to Alembic"),
    ],
)
def test_names_of_other_tools_are_refused(tmp_path: Path, names: list[str], refused: str) -> None:
    write(tmp_path, {f"m/{name}": "SELECT 1;" for name in names})
    for layout in (None, "plain"):
        with pytest.raises(TreeError, match=f"^tree 't': .*{refused}.*(files = |pg_dump)"):
            load_tree("t", root=tmp_path, path="m", layout=layout)


def test_below_sqitch_and_alembic_too(tmp_path: Path) -> None:
    write(tmp_path, {"sqitch.plan": "", "deploy/a.sql": "", "other/a.sql": ""})
    write(tmp_path, {"alembic/script.py.mako": "", "alembic/versions/a.sql": ""})
    with pytest.raises(TreeError, match="a plan of Sqitch"):
        load_tree("t", root=tmp_path, path="deploy")
    with pytest.raises(TreeError, match="belongs to Alembic"):
        load_tree("t", root=tmp_path, path="alembic/versions")
    assert load_tree("t", root=tmp_path, path="other").files


def test_what_looks_alike_is_taken(tmp_path: Path) -> None:
    names = ["1_slow_down.sql", "2_undo.sql", "3_up.sql", "V2 views.sql", "4_rollback_log.sql"]
    write(tmp_path, {f"m/{name}": "SELECT 1;" for name in names})
    assert len(load_tree("t", root=tmp_path, path="m").files) == len(names)


def test_prisma_passes_over_what_takes_back(tmp_path: Path) -> None:
    write(
        tmp_path, dict.fromkeys((f"m/1_a/{name}.sql" for name in ("migration", "up", "down")), "")
    )
    assert [file.name for file in load_tree("t", root=tmp_path, path="m").files] == [
        "m/1_a/migration.sql"
    ]


def test_listed_files_may_have_any_names(tmp_path: Path) -> None:
    write(tmp_path, {"m/V1__a.sql": "SELECT 1;", "m/U1__a.sql": "SELECT 1;"})
    assert load_tree("t", root=tmp_path, path="m", files=["V1__a.sql"]).files
