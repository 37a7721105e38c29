"""Steps beside a session that writes, killed sessions and servers, and how changes are proven."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pytest_schema_parity.catalog import read_schema
from pytest_schema_parity.postgres.cluster import Cluster, start_cluster
from pytest_schema_parity.postgres.databases import clone_database, create_database, drop_database
from pytest_schema_parity.postgres.installation import Installation
from pytest_schema_parity.rehearsal.crash import crashed
from pytest_schema_parity.rehearsal.fingerprint import fingerprint
from pytest_schema_parity.rehearsal.interrupt import run_until, run_until_blocked
from pytest_schema_parity.rehearsal.locks import observe
from pytest_schema_parity.rehearsal.rehearse import Rehearsal
from pytest_schema_parity.rehearsal.steps import load_steps
from pytest_schema_parity.rehearsal.waiting import run_beside_a_writer

BEFORE = """
CREATE TABLE people (id int PRIMARY KEY, name text);
INSERT INTO people VALUES (1, 'Ada'), (2, NULL);
CREATE MATERIALIZED VIEW names AS SELECT name FROM people;
CREATE TABLE pets (id int PRIMARY KEY, owner int);
"""


@pytest.fixture
def conninfo(cluster: Cluster) -> Iterator[str]:
    conninfo = create_database(cluster, "interrupted")
    with psycopg.connect(conninfo) as connection:
        connection.execute(BEFORE.encode())
    yield conninfo
    drop_database(cluster, "interrupted", force=True)


def script(root: Path, text: str) -> Path:
    file = root / "1_a.up.sql"
    file.write_text(text)
    return file


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE people SET name = name WHERE id = 1",
        "DELETE FROM people WHERE id = 1; INSERT INTO people VALUES (1, 'Ada')",
        "REFRESH MATERIALIZED VIEW names",
        "ALTER TABLE people ALTER name SET DEFAULT 'x'",
        "COMMENT ON TABLE people IS 'x'",
        "INSERT INTO people VALUES (3, repeat('x', 10000000))",
        "ALTER ROLE fingerprinted CREATEDB",
        "TRUNCATE people",
    ],
)
def test_every_change_changes_the_fingerprint(cluster: Cluster, conninfo: str, change: str) -> None:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("CREATE ROLE fingerprinted")
        try:
            before = fingerprint(conninfo)
            connection.execute("BEGIN")
            connection.execute(change.encode())
            connection.execute("ROLLBACK")
            assert fingerprint(conninfo) == before
            connection.execute(change.encode())
            assert fingerprint(conninfo) != before
        finally:
            connection.execute("DROP ROLE fingerprinted")
    assert cluster.superuser


def test_a_copy_has_the_same_fingerprint(cluster: Cluster, conninfo: str) -> None:
    copy = clone_database(cluster, "interrupted", "interrupted_copy")
    try:
        assert fingerprint(copy) == fingerprint(conninfo)
    finally:
        drop_database(cluster, "interrupted_copy", force=True)


def test_a_session_that_waits_is_ended_during_its_statement(conninfo: str, tmp_path: Path) -> None:
    file = script(tmp_path, "SELECT 1; CREATE TABLE new (); ALTER TABLE people ADD a int; SELECT 2")
    before = fingerprint(conninfo)
    assert run_until_blocked(file, conninfo, conninfo) == 2
    assert fingerprint(conninfo) == before


def test_a_step_that_waits_for_nobody_comes_to_its_end(conninfo: str, tmp_path: Path) -> None:
    file = script(tmp_path, "CREATE TABLE new (id int)")
    assert run_until_blocked(file, conninfo, conninfo) is None
    with psycopg.connect(conninfo) as connection:
        assert connection.execute("SELECT FROM new").fetchall() == []


def test_statements_before_the_end_of_a_session_are_not_kept(conninfo: str, tmp_path: Path) -> None:
    file = script(tmp_path, "INSERT INTO people VALUES (3); INSERT INTO people VALUES (4)")
    before = fingerprint(conninfo)
    run_until(file, conninfo, conninfo, 2)
    assert fingerprint(conninfo) == before


@pytest.mark.parametrize(
    ("text", "line", "timeout"),
    [
        ("BEGIN;\nSET LOCAL lock_timeout = '2s';\nALTER TABLE people ADD a int;\nCOMMIT", 3, "2s"),
        ("SET lock_timeout = 3000;\nBEGIN;\nDROP TABLE pets;\nCOMMIT", 3, "3s"),
        ("BEGIN;\nSELECT 1;\nALTER TABLE people ADD a int;\nCOMMIT", 3, "0"),
        ("CREATE INDEX ON people (name)", 1, "0"),
        (
            "SET lock_timeout = '1min';\nSELECT 1;\nCREATE INDEX CONCURRENTLY ON pets (id)",
            3,
            "1min",
        ),
        ("UPDATE people SET name = 'x'", 1, "0"),
        (
            "BEGIN;\nSET TRANSACTION ISOLATION LEVEL SERIALIZABLE;\nSET lock_timeout = '50ms';\n"
            "DROP TABLE people CASCADE;COMMIT",
            4,
            "50ms",
        ),
    ],
)
def test_a_step_beside_a_writer(
    conninfo: str, tmp_path: Path, text: str, line: int, timeout: str
) -> None:
    waited = run_beside_a_writer(script(tmp_path, text), conninfo, conninfo)
    assert waited is not None
    assert (waited.line, waited.lock_timeout) == (line, timeout)
    assert waited.for_ever == (timeout == "0")


def test_a_step_that_need_not_wait(conninfo: str, tmp_path: Path) -> None:
    text = "SET lock_timeout = '4s'; CREATE TABLE new (id int); SELECT * FROM people"
    assert run_beside_a_writer(script(tmp_path, text), conninfo, conninfo) is None


def test_tables_that_are_read_from_end_to_end(conninfo: str, tmp_path: Path) -> None:
    text = """BEGIN;
SELECT * FROM people;
ALTER TABLE people ADD CONSTRAINT named CHECK (id > 0);
ALTER TABLE people ADD CONSTRAINT later CHECK (id > 0) NOT VALID;
ALTER TABLE pets ADD FOREIGN KEY (owner) REFERENCES people;
CREATE INDEX ON people (name);
CREATE TABLE new AS SELECT * FROM people;
CREATE INDEX ON new (name);
COMMIT;
"""
    found = observe(script(tmp_path, text), conninfo)
    assert [(each.line, each.scanned) for each in found if each.scanned] == [
        (3, ("public.people",)),
        (5, ("public.pets",)),
        (6, ("public.people",)),
        (7, ("public.people",)),
    ]


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("CREATE TABLE a (); CREATE TABLE b (); SELECT 1", True),
        ("BEGIN; CREATE TABLE a (); COMMIT; BEGIN; CREATE TABLE b (); SELECT 1; COMMIT", False),
    ],
)
def test_what_is_left_when_the_server_is_killed(
    installation: Installation, tmp_path: Path, text: str, whole: bool
) -> None:
    script(tmp_path, text)
    steps = load_steps(tmp_path).steps
    with start_cluster(installation, name="tests crash", durable=True) as cluster:
        for name in ("first", "second"):
            with psycopg.connect(create_database(cluster, name)) as connection:
                connection.execute(BEFORE.encode())
        with Rehearsal(cluster, "first", steps, role=cluster.superuser, root=tmp_path) as rehearsal:
            outcome, *again = crashed(
                rehearsal,
                cluster,
                "second",
                lambda name: read_schema(cluster.conninfo(name)),
                role=cluster.superuser,
            )
    assert bool(outcome) == whole
    assert "has recovered" in outcome.point
    assert [each.failures[0].sqlstate for each in again] == ([] if whole else ["42P07"])
