"""The layout of Prisma is applied as Prisma's schema engine applies it.

The facts were measured with ``@prisma/schema-engine-wasm`` 7.10.0: one session for all files, each
file as one query, and an unqualified UPDATE of ``_prisma_migrations`` after each.
"""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from support.applying import exists, only, value

from pytest_schema_parity.migrations.apply import apply_tree
from pytest_schema_parity.migrations.prisma_engine import LEFT_OPEN, OWN_FILE_REMEDY
from pytest_schema_parity.migrations.tree import Tree, load_tree
from pytest_schema_parity.postgres.cluster import Cluster


def drop_role(cluster: Cluster, role: str, database: str | None = None) -> None:
    """Drop a role that a test may have made, with what it owns in a database."""
    for conninfo in (database, cluster.conninfo()):
        if conninfo is not None and value(conninfo, f"SELECT to_regrole('{role}')"):
            with psycopg.connect(conninfo) as connection:
                command = f"DROP OWNED BY {role}" if conninfo == database else f"DROP ROLE {role}"
                connection.execute(command.encode())


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


@pytest.mark.parametrize(
    ("text", "sqlstate", "line", "message", "remedy"),
    [
        (f"SELECT 1;\n{DUMPED}", "42P01", 2, 'the search_path ""', "RESET search_path;"),
        (
            "CREATE TABLE a ();\nCREATE SCHEMA s1;\nSET search_path = s1;\n"
            "CREATE FUNCTION f() RETURNS int SET search_path = s1 LANGUAGE sql AS 'SELECT 1';",
            "42P01",
            3,
            'public._prisma_migrations is not found in the search_path "s1" (P1014)',
            "RESET search_path;",
        ),
        (
            "CREATE TABLE a ();\nDO $$ BEGIN\n  SET search_path = nowhere; END $$;\nSELECT 1",
            "42P01",
            2,
            "P1014",
            "RESET search_path;",
        ),
        (
            "CREATE TABLE a (); CREATE ROLE one_session;\nSET ROLE one_session;\nSELECT 1;",
            "42501",
            2,
            "permission denied for table _prisma_migrations, because the role is one_session",
            "RESET ROLE;",
        ),
        (
            "DROP SCHEMA public CASCADE;\nCREATE SCHEMA public; CREATE TABLE a ();",
            "42P01",
            1,
            "its table public._prisma_migrations is gone (P1014)",
            "Do not drop the table",
        ),
        (
            "CREATE TABLE a ();\nSET default_transaction_read_only = on;",
            "25006",
            2,
            "cannot execute UPDATE in a read-only transaction",
            "P3009",
        ),
    ],
)
def test_prisma_stops_after_a_file_that_keeps_it_from_its_table(
    tmp_path: Path,
    cluster: Cluster,
    database: str,
    text: str,
    sqlstate: str,
    line: int,
    message: str,
    remedy: str,
) -> None:
    texts = (text, "CREATE TABLE b ();", "CREATE TABLE c ();")
    try:
        failure = only(apply_tree(migrations(tmp_path, *texts), database))
        assert exists(database, "public.a"), "the objects of the file itself stay"
        assert not exists(database, "public.b")
        assert not exists(database, "public.c")
    finally:
        drop_role(cluster, "one_session")
    assert (failure.file, failure.line) == ("m/1_x/migration.sql", line)
    assert failure.sqlstate == sqlstate
    assert failure.message.startswith("Prisma stops after this file: ")
    assert message in failure.message
    assert failure.hint is not None
    assert remedy in failure.hint
    assert "Not run: m/2_x/migration.sql, m/3_x/migration.sql." in failure.hint
    assert {"b", "c"} <= {name for one in failure.lost for name in one.names}
    assert not exists(database, "public._prisma_migrations")


def test_prisma_updates_its_table_also_after_the_last_file(tmp_path: Path, database: str) -> None:
    failure = only(apply_tree(migrations(tmp_path, "CREATE TABLE b ();", DUMPED), database))
    assert failure.file == "m/2_x/migration.sql"
    assert failure.hint is not None
    assert "Not run" not in failure.hint
    assert failure.lost == ()


@pytest.mark.parametrize(
    "first",
    [
        f"{DUMPED} RESET search_path;",
        "SELECT set_config('search_path', '', true); CREATE TABLE public.a ();",
        "CREATE SCHEMA s1; SET search_path = s1, public; CREATE TABLE public.a ();",
        "CREATE ROLE one_session; SET ROLE one_session; RESET ROLE; CREATE TABLE a ();",
        "CREATE ROLE one_session; GRANT ALL ON ALL TABLES IN SCHEMA public TO one_session;"
        "GRANT ALL ON SCHEMA public TO one_session; SET ROLE one_session; CREATE TABLE a ();",
    ],
)
def test_prisma_goes_on_where_it_finds_its_table(
    tmp_path: Path, cluster: Cluster, database: str, first: str
) -> None:
    try:
        applied = apply_tree(migrations(tmp_path, first, "CREATE TABLE b ();"), database)
        assert applied.failures == ()
        assert exists(database, "s1.b" if "s1" in first else "public.b")
        assert not exists(database, "public._prisma_migrations"), "it was ours"
    finally:
        drop_role(cluster, "one_session", database)


@pytest.mark.parametrize(
    "text",
    [
        "ALTER SCHEMA public RENAME TO app; SET search_path = app",
        "CREATE SCHEMA app; ALTER TABLE _prisma_migrations SET SCHEMA app; SET search_path = app",
        'CREATE SCHEMA "a.B"; ALTER TABLE _prisma_migrations SET SCHEMA "a.B"; SET search_path ='
        ' "a.B"; CREATE TABLE public._prisma_migrations (id int)',
    ],
)
def test_prismas_table_is_removed_wherever_it_is_moved_to(
    tmp_path: Path, database: str, text: str
) -> None:
    applied = apply_tree(migrations(tmp_path, text, "CREATE TABLE b ();"), database)
    assert applied.failures == ()
    stay = value(
        database,
        "SELECT array_agg(relnamespace::regnamespace::text) FROM pg_class"
        " WHERE relname = '_prisma_migrations'",
    )
    assert stay == (["public"] if "a.B" in text else None), "the tree's own table stays"


def test_a_table_of_prismas_that_the_database_has_is_used_and_stays(
    tmp_path: Path, database: str
) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TABLE _prisma_migrations (id text, applied_steps_count int)")
    assert apply_tree(migrations(tmp_path, "CREATE TABLE a ();"), database).failures == ()
    failure = only(apply_tree(migrations(tmp_path, "SET search_path = nowhere"), database))
    assert failure.sqlstate == "42P01"
    assert exists(database, "public._prisma_migrations")


def test_what_stands_on_prismas_table_keeps_it(tmp_path: Path, database: str) -> None:
    text = "CREATE VIEW applied AS SELECT migration_name FROM _prisma_migrations"
    assert apply_tree(migrations(tmp_path, text), database).failures == ()
    assert exists(database, "public.applied")


def test_prisma_runs_a_file_as_one_transaction(tmp_path: Path, database: str) -> None:
    create = "CREATE TABLE a (x int);"
    concurrently = "CREATE INDEX CONCURRENTLY i ON a (x);"
    failure = only(apply_tree(migrations(tmp_path, create, f"\n{concurrently} SELECT 1"), database))
    assert (failure.file, failure.line, failure.sqlstate) == ("m/2_x/migration.sql", 2, "25001")
    assert failure.hint == OWN_FILE_REMEDY
    assert not exists(database, "i")
    alone = migrations(tmp_path, "SELECT 1", f"-- by itself\n{concurrently}")
    assert apply_tree(alone, database).failures == ()
    assert exists(database, "i")


def test_a_new_label_of_an_enum_is_not_used_in_the_file_that_adds_it(
    tmp_path: Path, database: str
) -> None:
    first = "CREATE TYPE mood AS ENUM ('ok');"
    second = "ALTER TYPE mood ADD VALUE 'sad';\nCREATE TABLE a (m mood DEFAULT 'sad');"
    failure = only(apply_tree(migrations(tmp_path, first, second), database))
    assert (failure.file, failure.line, failure.sqlstate) == ("m/2_x/migration.sql", 2, "55P04")
    assert apply_tree(migrations(tmp_path, *second.split("\n")), database).failures == ()


def test_a_commit_inside_cuts_a_file_of_prismas(tmp_path: Path, database: str) -> None:
    text = "CREATE TABLE a ();\nCOMMIT;\nCREATE TABLE b ();\nSELECT 1/0;"
    failure = only(apply_tree(migrations(tmp_path, text), database))
    assert (failure.line, failure.sqlstate) == (4, "22012")
    assert exists(database, "a")
    assert not exists(database, "b"), "what follows the COMMIT is one transaction again"
    assert {name for one in failure.lost for name in one.names} == {
        "create",
        "table",
        "b",
        "select",
    }
    text = "CREATE TABLE c ();\nROLLBACK;\nBEGIN; CREATE TABLE d (); END; CREATE TABLE e ();"
    assert apply_tree(migrations(tmp_path, text), database).failures == ()
    assert [exists(database, name) for name in "cde"] == [False, True, True]


def test_a_begin_without_an_end_loses_its_file(tmp_path: Path, database: str) -> None:
    text = "CREATE TABLE a ();\nCOMMIT; CREATE TABLE b ();\nBEGIN;\nCREATE TABLE c ();"
    failure = only(apply_tree(migrations(tmp_path, text, "SELECT 1"), database))
    assert (failure.file, failure.line, failure.statement) == ("m/1_x/migration.sql", 3, "BEGIN")
    assert failure.message == LEFT_OPEN
    assert [exists(database, name) for name in "abc"] == [True, False, False]
    assert {name for one in failure.lost for name in one.names} >= {"b", "c"}


def test_files_that_are_listed_have_a_session_each(tmp_path: Path, database: str) -> None:
    tree = migrations(tmp_path, DUMPED, "CREATE TABLE b ();", layout="files")
    assert apply_tree(tree, database).failures == ()


def test_what_prisma_keeps_from_file_to_file(tmp_path: Path, database: str) -> None:
    texts = (
        "CREATE TEMP TABLE kept AS SELECT 1 AS one; SET work_mem = '7MB'; PREPARE p AS SELECT 2;"
        "SELECT pg_advisory_lock(7);",
        "CREATE TABLE a AS SELECT one, current_setting('work_mem') AS mem FROM kept;",
        "CREATE TABLE b AS EXECUTE p;",
        "CREATE TABLE c AS SELECT count(*) AS locks FROM pg_locks"
        " WHERE locktype = 'advisory' AND pid = pg_backend_pid();",
    )
    assert apply_tree(migrations(tmp_path, *texts), database).failures == ()
    assert value(database, "SELECT mem FROM a") == "7MB"
    assert value(database, "SELECT locks FROM c") == 1


def test_after_a_failure_the_session_is_new(tmp_path: Path, database: str) -> None:
    texts = ("SET search_path = pg_catalog; SELECT 1/0", "CREATE TABLE b ();")
    assert only(apply_tree(migrations(tmp_path, *texts), database)).sqlstate == "22012"
    assert exists(database, "public.b")
