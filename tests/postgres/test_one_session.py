"""Where a tool applies all files in one session, what one of them sets holds in the next.

Prisma is such a tool: a dump's empty search_path even keeps its own table from it (P1014).
"""

from __future__ import annotations

from pathlib import Path

from applying import exists, only, value

from pytest_schema_parity.migrations.apply import apply_tree
from pytest_schema_parity.migrations.tree import Tree, load_tree


def migrations(root: Path, *texts: str, layout: str | None = None) -> Tree:
    """A tree of Prisma's directories, or of the same files listed one by one."""
    names = []
    for number, text in enumerate(texts, 1):
        path = root / f"m/{number}_x/migration.sql"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        names.append(f"{number}_x/migration.sql")
    return load_tree("t", root=root, path="m", files=[] if layout is None else names)


DUMPED = "SELECT pg_catalog.set_config('search_path', '', false); CREATE TABLE public.a ();"


def test_prisma_has_one_session_for_all_files(tmp_path: Path, database: str) -> None:
    texts = (DUMPED, "CREATE TABLE b ();", "CREATE TABLE c ();")
    failure = only(apply_tree(migrations(tmp_path, *texts), database))
    assert (failure.file, failure.sqlstate) == ("m/2_x/migration.sql", "3F000")
    assert exists(database, "c"), "after a failure the session is new"


def test_files_that_are_listed_have_a_session_each(tmp_path: Path, database: str) -> None:
    tree = migrations(tmp_path, DUMPED, "CREATE TABLE b ();", layout="files")
    assert apply_tree(tree, database).failures == ()


def test_what_prisma_keeps_from_file_to_file(tmp_path: Path, database: str) -> None:
    texts = (
        "CREATE TEMP TABLE kept AS SELECT 1 AS one; SET work_mem = '7MB';",
        "CREATE TABLE a AS SELECT one, current_setting('work_mem') AS mem FROM kept;",
    )
    assert apply_tree(migrations(tmp_path, *texts), database).failures == ()
    assert value(database, "SELECT mem FROM a") == "7MB"
