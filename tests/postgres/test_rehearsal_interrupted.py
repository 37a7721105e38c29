"""Steps beside a session that writes, killed sessions and servers, and how changes are proven."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.errors import UndefinedTable
from support.campaign import in_campaign

from pytest_schema_parity.catalog import read_schema
from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.postgres.cluster import Cluster, start_cluster
from pytest_schema_parity.postgres.databases import clone_database, create_database, drop_database
from pytest_schema_parity.postgres.installation import Installation
from pytest_schema_parity.rehearsal.crash import crashed
from pytest_schema_parity.rehearsal.end_session import run_until, run_until_blocked
from pytest_schema_parity.rehearsal.fingerprint import fingerprint
from pytest_schema_parity.rehearsal.locks import observe
from pytest_schema_parity.rehearsal.rehearse import Rehearsal
from pytest_schema_parity.rehearsal.script import StepScript, read_script
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


def script(root: Path, text: str, *, in_our_transaction: bool = True) -> StepScript:
    file = root / "1_a.up.sql"
    file.write_text(text)
    return read_script(file, in_our_transaction=in_our_transaction)


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
    step = script(tmp_path, text, in_our_transaction="CONCURRENTLY" not in text)
    waited = run_beside_a_writer(step, conninfo, conninfo)
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
        *in_campaign(
            [
                (
                    "SELECT 1; BEGIN; UPDATE people SET name = 'a' WHERE id = 1; COMMIT;"
                    "BEGIN; UPDATE people SET name = 'b' WHERE id = 2; COMMIT; SELECT 1",
                    False,
                ),
                ("UPDATE people SET name = 'a' WHERE id = 1; SELECT 1", True),
                (
                    "BEGIN; UPDATE people SET name = 'a' WHERE id = 1; COMMIT; SELECT 1; SELECT 2",
                    True,
                ),
            ]
        ),
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
    assert not outcome.unchecked
    again_fails = "CREATE" in text and not whole
    assert [each.failures[0].sqlstate for each in again] == (["42P07"] if again_fails else [])


def test_steps_after_one_that_cannot_go_on_are_not_silent(
    installation: Installation, tmp_path: Path
) -> None:
    """The first step fails where the server is killed, as the database there is another one."""
    (tmp_path / "1_a.up.sql").write_text("INSERT INTO people VALUES (7); SELECT 1; SELECT 2")
    (tmp_path / "2_b.up.sql").write_text("SELECT 1")
    steps = load_steps(tmp_path).steps
    with start_cluster(installation, name="tests crash", durable=True) as cluster:
        for name in ("first", "second"):
            with psycopg.connect(create_database(cluster, name)) as connection:
                connection.execute(BEFORE.encode())
        with psycopg.connect(cluster.conninfo("second")) as connection:
            connection.execute("INSERT INTO people VALUES (7)")
        with Rehearsal(cluster, "first", steps, role=cluster.superuser, root=tmp_path) as rehearsal:
            first, again, second = crashed(
                rehearsal,
                cluster,
                "second",
                lambda name: read_schema(cluster.conninfo(name)),
                role=cluster.superuser,
            )
    assert "people_pkey" in first.unchecked
    assert again.failures
    assert "1_a could not be repeated" in second.unchecked
    assert not any((first, again, second))


def test_a_session_that_does_not_end_is_an_error_and_no_deadlock(
    conninfo: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The statement waits for rows that are held until the session was ended; or for 60 s here."""

    def fail(*_: object) -> None:
        raise ServerError("The session does not end")

    monkeypatch.setattr("pytest_schema_parity.rehearsal.end_session._terminate", fail)
    step = script(tmp_path, "SET LOCAL lock_timeout = '60s'; ALTER TABLE people ADD a int")
    begun = time.monotonic()
    with pytest.raises(ServerError, match="does not end"):
        run_until_blocked(step, conninfo, conninfo)
    assert time.monotonic() - begun < 30, "it waited for the lock"


def test_a_step_that_fails_beside_a_writer_is_no_step_that_waits_for_nobody(
    conninfo: str, tmp_path: Path
) -> None:
    with pytest.raises(UndefinedTable):
        run_until_blocked(script(tmp_path, "SELECT * FROM nowhere"), conninfo, conninfo)
    gives_up = script(tmp_path, "SET LOCAL lock_timeout = 1; ALTER TABLE people ADD a int")
    assert run_until_blocked(gives_up, conninfo, conninfo) in (1, None)


def test_long_statements_end_with_an_ellipsis(conninfo: str, tmp_path: Path) -> None:
    text = f"ALTER TABLE people ADD COLUMN {'a' * 60} text DEFAULT '{'b' * 60}'"
    waited = run_beside_a_writer(script(tmp_path, text), conninfo, conninfo)
    assert waited is not None
    assert waited.text.endswith("a…")
    (statement,) = observe(script(tmp_path, text), conninfo)
    assert statement.text.endswith("a…")
