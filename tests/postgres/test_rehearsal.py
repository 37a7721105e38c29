"""Upgrades rehearsed: what a step loses, leaves half done, or does not take back is found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege
from support.campaign import in_campaign, one_in
from support.upgrade import SQL, deployed_files, make_database, seed_files

from pytest_schema_parity.errors import TreeError
from pytest_schema_parity.postgres.cluster import Cluster
from pytest_schema_parity.postgres.databases import create_database, drop_database
from pytest_schema_parity.rehearsal.data import DataChange, compare_data
from pytest_schema_parity.rehearsal.integrity import broken_foreign_keys, sequences_behind
from pytest_schema_parity.rehearsal.interrupt_steps import interrupt_steps
from pytest_schema_parity.rehearsal.locks import observe
from pytest_schema_parity.rehearsal.rehearse import Rehearsal, StepOutcome
from pytest_schema_parity.rehearsal.script import read_script
from pytest_schema_parity.rehearsal.steps import MigrationStep, load_steps

BEFORE = """
CREATE TABLE people (id int PRIMARY KEY, name text DEFAULT 'x', born date);
INSERT INTO people VALUES (1, 'Ada', '1815-12-10'), (2, NULL, NULL), (3, '', NULL);
CREATE TABLE log (line text);
INSERT INTO log VALUES ('a'), ('a'), (NULL);
CREATE INDEX people_name ON people (name);
"""


@pytest.fixture
def source(cluster: Cluster) -> Iterator[str]:
    conninfo = create_database(cluster, "rehearsed")
    with psycopg.connect(conninfo) as connection:
        connection.execute(BEFORE.encode())
    yield "rehearsed"
    drop_database(cluster, "rehearsed", force=True)


def step(root: Path, up: str, down: str | None = None) -> MigrationStep:
    (root / "1_a.up.sql").write_text(up)
    if down is not None:
        (root / "1_a.down.sql").write_text(down)
    (found,) = load_steps(root).steps
    return found


def rehearsal(cluster: Cluster, root: Path, up: str, down: str | None = None) -> Rehearsal:
    return Rehearsal(
        cluster, "rehearsed", [step(root, up, down)], role=cluster.superuser, root=root
    )


GOOD = (
    "ALTER TABLE people ADD COLUMN IF NOT EXISTS email text",
    "ALTER TABLE people DROP COLUMN IF EXISTS email",
)


def test_a_good_step(cluster: Cluster, source: str, tmp_path: Path) -> None:
    with rehearsal(cluster, tmp_path, *GOOD) as rehearsed:
        outcomes = [*rehearsed.upgrade(), *rehearsed.again(), *rehearsed.back()]
        assert [bool(outcome) for outcome in outcomes] == [True] * 3
        assert "public.people.email" in {fact.name for fact in rehearsed.schema()}
    with psycopg.connect(cluster.conninfo(source)) as connection:
        left = connection.execute("SELECT datname FROM pg_database WHERE datname ~ 'rehears'")
        assert left.fetchall() == [("rehearsed",)]


@pytest.mark.parametrize(
    ("up", "lost"),
    one_in(
        3,
        [
            ("DROP TABLE log", [("log", "table missing", None)]),
            ("ALTER TABLE people DROP COLUMN born", [("people", "column missing", "born")]),
            ("ALTER TABLE people RENAME born TO day", [("people", "column renamed", "born")]),
            ("DELETE FROM people WHERE id = 2", [("people", "row missing", None)]),
            ("UPDATE people SET name = '' WHERE id = 2", [("people", "value changed", "name")]),
            ("UPDATE people SET born = born + 1", [("people", "value changed", "born")]),
            (
                "ALTER TABLE people ALTER name TYPE varchar(1) USING left(name, 1)",
                [("people", "value changed", "name")],
            ),
            ("ALTER TABLE people ALTER id TYPE numeric, ALTER name TYPE varchar(9)", []),
            ("DELETE FROM log WHERE ctid = '(0,1)'", [("log", "row missing", None)]),
            ("UPDATE log SET line = '' WHERE line IS NULL", [("log", "row missing", None)]),
            ("ALTER TABLE people RENAME TO persons", [("people", "table renamed", None)]),
        ],
    ),
)
@pytest.mark.usefixtures("source")
def test_what_a_step_loses(cluster: Cluster, tmp_path: Path, up: str, lost: list[Any]) -> None:
    with rehearsal(cluster, tmp_path, up) as rehearsed:
        (outcome,) = rehearsed.upgrade()
    found = [(c.table.split(".")[1], c.change, c.column) for c in outcome.changes]
    assert found == lost
    assert not outcome.failures


@pytest.mark.usefixtures("source")
def test_a_changed_value_is_shown_old_and_new(cluster: Cluster, tmp_path: Path) -> None:
    with rehearsal(cluster, tmp_path, "UPDATE people SET name = 'A' WHERE id < 3") as rehearsed:
        (outcome,) = rehearsed.upgrade()
    assert outcome.changes == (
        DataChange("public.people", "value changed", {"id": "1"}, "name", "Ada", "A"),
        DataChange("public.people", "value changed", {"id": "2"}, "name", None, "A"),
    )


@pytest.mark.parametrize(
    ("later", "changed"),
    [
        ("numeric(9, 2)", [("1.2345", "1.23")]),
        ("integer", [("1.2345", "1")]),
        ("numeric", []),
        ("text", []),
    ],
)
def test_a_number_that_is_written_with_fewer_digits_is_the_same(
    cluster: Cluster, source: str, tmp_path: Path, later: str, changed: list[tuple[str, str]]
) -> None:
    with psycopg.connect(cluster.conninfo(source)) as connection:
        connection.execute(
            "CREATE TABLE prices (id numeric(9, 4) PRIMARY KEY, price numeric(9, 4));"
        )
        connection.execute("INSERT INTO prices VALUES (1, 1), (2, 2.5 * 2), (3, 1.2345)")
    up = f"ALTER TABLE prices ALTER id TYPE bigint, ALTER price TYPE {later}"
    with rehearsal(cluster, tmp_path, up) as rehearsed:
        (outcome,) = rehearsed.upgrade()
    assert [(each.before, each.after) for each in outcome.changes] == changed
    assert {(each.key or {})["id"] for each in outcome.changes} <= {"3"}


def test_numbers_in_an_array_are_compared_as_they_are_written(
    cluster: Cluster, source: str, tmp_path: Path
) -> None:
    with psycopg.connect(cluster.conninfo(source)) as connection:
        connection.execute("CREATE TABLE lists (id int PRIMARY KEY, list numeric(9, 2)[])")
        connection.execute("INSERT INTO lists VALUES (1, '{1}'), (2, NULL)")
    up = "ALTER TABLE lists ALTER list TYPE numeric(9, 4)[]"
    with rehearsal(cluster, tmp_path, up) as rehearsed:
        (outcome,) = rehearsed.upgrade()
    assert [(each.before, each.after) for each in outcome.changes] == [("{1.00}", "{1.0000}")]


def test_added_tables_and_rows_are_told_in_their_order(cluster: Cluster, source: str) -> None:
    other = create_database(cluster, "rehearsed_more")
    names = [f"public.more_{number}" for number in range(10, 30)]
    try:
        for database, most in ((cluster.conninfo(source), 1), (other, 40)):
            with psycopg.connect(database) as connection:
                connection.execute("CREATE TABLE rows (id int PRIMARY KEY)")
                connection.execute("INSERT INTO rows SELECT generate_series(1, %s)", [most])
        with psycopg.connect(other) as connection:
            for name in names:
                connection.execute(f"CREATE TABLE {name} ()".encode())
        found = list(compare_data(cluster.conninfo(source), other, exact=True))
        rows = [(each.key or {})["id"] for each in found if each.change == "row added"]
        assert rows == list(map(str, range(2, 41)))
        assert [each.table for each in found if each.change == "table added"] == names
    finally:
        drop_database(cluster, "rehearsed_more", force=True)


@pytest.mark.parametrize(
    "up",
    [
        "ALTER TABLE people ADD COLUMN email text",
        "INSERT INTO log VALUES ('b')",
        "CREATE INDEX ON people (born)",
    ],
)
@pytest.mark.usefixtures("source")
def test_what_is_not_the_same_when_run_twice(cluster: Cluster, tmp_path: Path, up: str) -> None:
    with rehearsal(cluster, tmp_path, up) as rehearsed:
        assert all(rehearsed.upgrade())
        (outcome,) = rehearsed.again()
    assert not outcome


@pytest.mark.parametrize(
    ("down", "found"),
    one_in(
        2,
        [
            ("", "facts"),
            ("ALTER TABLE people DROP COLUMN email, ALTER name DROP DEFAULT", "facts"),
            ("ALTER TABLE people DROP COLUMN email; DROP INDEX people_name", "facts"),
            (
                "ALTER TABLE people DROP COLUMN email; DELETE FROM log WHERE line IS NULL",
                "row missing",
            ),
            ("ALTER TABLE people DROP COLUMN email; INSERT INTO log VALUES ('x')", "row added"),
            ("ALTER TABLE people DROP COLUMN email; INSERT INTO people VALUES (4)", "row added"),
            (
                "ALTER TABLE people DROP COLUMN email; DELETE FROM people WHERE id = 2",
                "row missing",
            ),
            ("ALTER TABLE people DROP COLUMN mail", "failures"),
        ],
    ),
)
@pytest.mark.usefixtures("source")
def test_what_a_down_step_does_not_restore(
    cluster: Cluster, tmp_path: Path, down: str, found: str
) -> None:
    with rehearsal(cluster, tmp_path, GOOD[0], down) as rehearsed:
        (outcome,) = rehearsed.back()
    assert not outcome
    assert bool(outcome.failures) == (found == "failures")
    assert bool(outcome.differences) == (found in ("facts", "failures"))
    if found.startswith("row"):
        assert [change.change for change in outcome.changes] == [found]


@pytest.mark.usefixtures("source")
def test_a_down_file_that_is_missing(cluster: Cluster, tmp_path: Path) -> None:
    with (
        rehearsal(cluster, tmp_path, GOOD[0]) as rehearsed,
        pytest.raises(TreeError, match="has no down file"),
    ):
        list(rehearsed.back())


@pytest.mark.usefixtures("source")
def test_a_step_that_fails_is_told_with_its_line(cluster: Cluster, tmp_path: Path) -> None:
    with rehearsal(cluster, tmp_path, "SELECT 1;\nALTER TABLE person ADD x int") as rehearsed:
        (outcome,) = rehearsed.upgrade()
    (failure,) = outcome.failures
    assert (failure.line, failure.sqlstate) == (2, "42P01")


@pytest.mark.usefixtures("source")
def test_rows_that_row_level_security_hides_are_compared(cluster: Cluster, tmp_path: Path) -> None:
    up = "ALTER TABLE people ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;"
    with rehearsal(cluster, tmp_path, f"DELETE FROM people WHERE id = 3; {up}") as rehearsed:
        (outcome,) = rehearsed.upgrade()
    assert [change.change for change in outcome.changes] == ["row missing"]


def test_rows_that_a_role_may_not_see_are_no_missing_rows(cluster: Cluster, source: str) -> None:
    conninfo = cluster.conninfo(source)
    with psycopg.connect(conninfo) as connection:
        connection.execute(
            "CREATE ROLE rehearsal_reader LOGIN; GRANT SELECT ON people, log TO rehearsal_reader;"
            "ALTER TABLE people ENABLE ROW LEVEL SECURITY"
        )
    try:
        with pytest.raises(InsufficientPrivilege, match="row-level security"):
            list(compare_data(conninfo, cluster.conninfo(source, "rehearsal_reader")))
    finally:
        with psycopg.connect(conninfo) as connection:
            connection.execute("DROP OWNED BY rehearsal_reader; DROP ROLE rehearsal_reader")


def test_more_changes_than_are_shown_are_told_all_the_same(cluster: Cluster, source: str) -> None:
    conninfo = cluster.conninfo(source)
    other = create_database(cluster, "rehearsed_other")
    try:
        for database, value in ((conninfo, "a"), (other, "b")):
            with psycopg.connect(database) as connection:
                connection.execute("CREATE TABLE many (id int PRIMARY KEY, v text)")
                connection.execute(
                    "INSERT INTO many SELECT i, %s FROM generate_series(1, 50) AS i", [value]
                )
        found = [c for c in compare_data(conninfo, other) if c.table == "public.many"]
        assert len(found) == 50
        assert len([change for change in found if change.column == "v"]) == 20
    finally:
        drop_database(cluster, "rehearsed_other", force=True)


@pytest.mark.parametrize(
    ("up", "whole"),
    [
        ("ALTER TABLE people ADD a int; ALTER TABLE people ADD b int", True),
        ("BEGIN; UPDATE people SET name = 'a'; COMMIT; BEGIN; DROP TABLE log; COMMIT", False),
        *in_campaign(
            [
                ("BEGIN; ALTER TABLE people ADD a int; ALTER TABLE people ADD b int; COMMIT", True),
                ("BEGIN; ALTER TABLE people ADD a int; COMMIT; BEGIN; SELECT 1; COMMIT", False),
                (
                    "BEGIN; SELECT 1; COMMIT; CREATE INDEX CONCURRENTLY ON people (born); SELECT 2",
                    False,
                ),
            ]
        ),
    ],
)
@pytest.mark.usefixtures("source")
def test_what_an_interruption_leaves_half_done(
    cluster: Cluster, tmp_path: Path, up: str, whole: bool
) -> None:
    with rehearsal(cluster, tmp_path, up) as rehearsed:
        assert not any(outcome.failures for outcome in rehearsed.upgrade())
        outcomes = list(interrupt_steps(rehearsed, points=5))
    assert outcomes
    assert all(outcomes) == whole


def test_a_step_that_fails_after_its_interruption(
    cluster: Cluster, source: str, tmp_path: Path
) -> None:
    """What a sequence gave is not given again: nothing else tells that the step has begun once."""
    with psycopg.connect(cluster.conninfo(source)) as connection:
        connection.execute("CREATE SEQUENCE begun")
    up = (
        "LOCK TABLE people IN ACCESS EXCLUSIVE MODE;"
        "DO $$ BEGIN IF nextval('begun') > 1 THEN RAISE 'begun before'; END IF; END $$;"
        "SELECT 1;"
    )
    with rehearsal(cluster, tmp_path, up) as rehearsed:
        assert not any(outcome.failures for outcome in rehearsed.upgrade())
        waiting, again = interrupt_steps(rehearsed, points=1)
    assert waiting
    assert "statement 1, which waited for a lock" in waiting.point
    assert ["begun before" in failure.message for failure in again.failures] == [True]
    terminated = "its session was terminated after 2 of its statements"
    assert again.point == f"it was run again after {terminated}"


def test_foreign_keys_that_rows_break(cluster: Cluster, source: str) -> None:
    with psycopg.connect(cluster.conninfo(source)) as connection:
        connection.execute(
            "CREATE TABLE pets (id int, owner int, part int);"
            "INSERT INTO pets VALUES (1, 1, 1), (2, 9, 1), (3, NULL, 1);"
            "ALTER TABLE pets ADD CONSTRAINT owned FOREIGN KEY (owner) REFERENCES people NOT VALID"
        )
    (found,) = broken_foreign_keys(cluster.conninfo(source))
    assert (found.table, found.constraint, found.rows) == ("public.pets", "owned", 1)


@pytest.mark.parametrize(
    ("tables", "broken"),
    [
        pytest.param(
            "CREATE EXTENSION citext;CREATE TABLE one (id citext PRIMARY KEY);"
            "CREATE TABLE other (one citext REFERENCES one);"
            "INSERT INTO one VALUES ('A'); INSERT INTO other VALUES ('a'), ('b'), (NULL);",
            1,
            id="citext",
        ),
        pytest.param(
            "CREATE EXTENSION ltree; CREATE TABLE one (id ltree PRIMARY KEY);"
            "CREATE TABLE other (one ltree REFERENCES one);"
            "INSERT INTO one VALUES ('a.b'); INSERT INTO other VALUES ('a.b'), ('a.c');",
            1,
            id="ltree",
            marks=pytest.mark.campaign,
        ),
        pytest.param(
            "CREATE TABLE one (a int, b int, PRIMARY KEY (a, b));"
            "CREATE TABLE other (a int, b int, FOREIGN KEY (a, b) REFERENCES one MATCH FULL);"
            "INSERT INTO one VALUES (1, 1);"
            "INSERT INTO other VALUES (1, 1), (NULL, NULL), (1, NULL), (NULL, 7), (2, 2);",
            3,
            id="match full",
            marks=pytest.mark.campaign,
        ),
        pytest.param(
            "CREATE TABLE one (a int, b int, PRIMARY KEY (a, b));"
            "CREATE TABLE other (a int, b int, FOREIGN KEY (a, b) REFERENCES one);"
            "INSERT INTO one VALUES (1, 1);"
            "INSERT INTO other VALUES (1, 1), (NULL, NULL), (1, NULL), (NULL, 7), (2, 2);",
            1,
            id="match simple",
        ),
        pytest.param(
            "CREATE TABLE one (id int PRIMARY KEY); CREATE TABLE heir () INHERITS (one);"
            "CREATE TABLE other (one bigint REFERENCES one);"
            "INSERT INTO one VALUES (1); INSERT INTO heir VALUES (2);"
            "INSERT INTO other VALUES (1), (2);",
            1,
            id="rows that inherit do not count",
        ),
        pytest.param(
            "CREATE TABLE one (id int4range, at int4range, PRIMARY KEY (id, at WITHOUT OVERLAPS));"
            "CREATE TABLE other (one int4range, at int4range,"
            " FOREIGN KEY (one, PERIOD at) REFERENCES one (id, PERIOD at));"
            "INSERT INTO one VALUES ('[1,1]', '[1,5)'), ('[1,1]', '[5,9)'), ('[2,2]', '[1,3)');"
            "INSERT INTO other VALUES"
            " ('[1,1]', '[2,8)'), ('[1,1]', NULL), ('[2,2]', '[2,4)'), ('[3,3]', '[1,2)');",
            2,
            id="period",
        ),
    ],
)
def test_foreign_keys_are_compared_as_the_server_does(
    cluster: Cluster, source: str, tables: str, broken: int
) -> None:
    """Rows written while the triggers of foreign keys are off: how many does the server refuse?"""
    conninfo = cluster.conninfo(source)
    with psycopg.connect(conninfo) as connection:
        if "PERIOD" in tables and connection.info.server_version < 180000:
            pytest.skip("foreign keys with PERIOD are new in PostgreSQL 18")
        connection.execute("SET session_replication_role = replica")
        connection.execute(tables.encode())
    assert [each.rows for each in broken_foreign_keys(conninfo)] == [broken]


@pytest.mark.parametrize("column", ["serial", "int GENERATED BY DEFAULT AS IDENTITY"])
def test_sequences_that_are_behind(cluster: Cluster, source: str, column: str) -> None:
    conninfo = cluster.conninfo(source)
    with psycopg.connect(conninfo) as connection:
        connection.execute(f"CREATE TABLE numbered (id {column}, x int)".encode())
        connection.execute("INSERT INTO numbered (x) VALUES (1), (2)")
    assert sequences_behind(conninfo) == []
    with psycopg.connect(conninfo) as connection:
        connection.execute("INSERT INTO numbered (id) VALUES (3)")
    (found,) = sequences_behind(conninfo)
    assert (found.column, found.next_value, found.farthest) == ("id", 3, 3)


def test_locks_and_rewrites(cluster: Cluster, source: str, tmp_path: Path) -> None:
    up = (
        "BEGIN;\nCREATE INDEX ON people (born);\nALTER TABLE people ADD COLUMN e text;\n"
        "ALTER TABLE people ALTER id TYPE bigint;\nCREATE TABLE new (id int);\n"
        "INSERT INTO log VALUES ('b');\nCOMMIT;\n"
    )
    found = observe(read_script(step(tmp_path, up).up), cluster.conninfo(source))
    assert [(one.line, dict(one.locks), one.rewritten) for one in found] == [
        (1, {}, ()),
        (2, {"public.people": "ShareLock"}, ()),
        (3, {"public.people": "AccessExclusiveLock"}, ()),
        (4, {}, ("public.people",)),
        (5, {}, ()),
        (6, {"public.log": "RowExclusiveLock"}, ()),
        (7, {}, ()),
    ]
    assert all(one.measured for one in found)


def test_locks_outside_of_a_transaction_are_not_measured(
    cluster: Cluster, source: str, tmp_path: Path
) -> None:
    up = "BEGIN; SELECT 1; COMMIT; CREATE INDEX CONCURRENTLY ON people (born)"
    found = observe(read_script(step(tmp_path, up).up), cluster.conninfo(source))
    assert [one.measured for one in found] == [True, True, True, False]


ENUM = (
    "CREATE TYPE mood AS ENUM ('sad');CREATE TABLE moods (id int, mood mood);"
    "INSERT INTO moods VALUES (1, 'sad')"
)


@pytest.mark.campaign
def test_a_step_is_framed_as_it_was_carried_out(
    cluster: Cluster, source: str, tmp_path: Path
) -> None:
    """A new value of an enum cannot be used at once in a transaction: the file is run in none."""
    with psycopg.connect(cluster.conninfo(source)) as connection:
        connection.execute(ENUM.encode())
    up = (
        "ALTER TYPE mood ADD VALUE 'new';\nUPDATE moods SET mood = 'new';\n"
        "ALTER TABLE moods ALTER id TYPE bigint;\n"
    )
    with rehearsal(cluster, tmp_path, up) as rehearsed:
        script = rehearsed.script(0)
        assert not script.in_our_transaction
        with rehearsed.copy(source) as copy:
            found = observe(script, rehearsed.conninfo_of(copy))
        (during,) = (o for o in interrupt_steps(rehearsed, points=1) if "during" in o.point)
    assert [(one.line, dict(one.locks), one.rewritten, one.measured) for one in found] == [
        (1, {}, (), True),
        (2, {"public.moods": "RowExclusiveLock"}, (), True),
        (3, {"public.moods": "AccessExclusiveLock"}, ("public.moods",), True),
    ]
    assert "statement 2" in during.point


def test_what_cannot_be_interrupted_is_told(
    cluster: Cluster, source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "pytest_schema_parity.rehearsal.interrupt_steps.run_until",
        lambda *_: psycopg.connect(cluster.conninfo(source)).execute("SELECT * FROM nowhere"),
    )
    with rehearsal(cluster, tmp_path, "SELECT 1; SELECT 2") as rehearsed:
        outcomes = list(interrupt_steps(rehearsed, points=1))
    assert ['"nowhere" does not exist' in each.unchecked for each in outcomes] == [True]
    assert not any(outcomes)


@pytest.mark.campaign
def test_the_worked_example(supabase_cluster: Cluster) -> None:
    """By its own tests each step is right; by this engine, too, but for the status of five rows."""
    conninfo = make_database(
        supabase_cluster, "example_rehearsed", [*deployed_files(), *seed_files()]
    )
    with psycopg.connect(conninfo) as connection:
        connection.execute("SELECT refresh_leaderboards()")
    try:
        steps = load_steps(SQL / "supabase/upgrade").steps
        with Rehearsal(
            supabase_cluster, "example_rehearsed", steps, role="postgres", root=SQL
        ) as rehearsed:
            changed: dict[str, list[StepOutcome]] = {
                "up": rehearsed.upgrade(),
                "again": list(rehearsed.again()),
                "back": list(rehearsed.back()),
                "interrupted": list(interrupt_steps(rehearsed, points=1)),
            }
            for check in ("again", "back", "interrupted"):
                assert [outcome.step.name for outcome in changed[check] if not outcome] == []
            for outcome in changed["up"]:
                assert not outcome.failures
                columns = {(c.table, c.change, c.column) for c in outcome.changes}
                late = outcome.step.name >= "005"
                expected = {("public.submissions", "value changed", "status")}
                assert columns == (expected if late else set())
                assert len(outcome.changes) == (5 if late else 0)
            assert broken_foreign_keys(rehearsed.conninfo) == []
            assert sequences_behind(rehearsed.conninfo) == []
    finally:
        drop_database(supabase_cluster, "example_rehearsed", force=True)
