"""Generated rows: which tables of one database they enter, and that they are the same each time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from psycopg import OperationalError
from psycopg.errors import QueryCanceled

from pytest_schema_parity.behavior.filling import ROWS, Filling, fill, replay
from pytest_schema_parity.postgres.cluster import Cluster
from pytest_schema_parity.postgres.conninfo import open_connection
from pytest_schema_parity.postgres.databases import clone_database, create_database, drop_database

SCHEMA = """
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE TABLE users (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email varchar(40) NOT NULL UNIQUE, mood mood,
    name text CHECK (length(name) > 3)
);
CREATE TABLE posts (
    id serial PRIMARY KEY, author int NOT NULL REFERENCES users, at timestamptz DEFAULT now(),
    status text NOT NULL CHECK (status IN ('OPEN', 'DONE'))
);
CREATE TABLE chicken (id int PRIMARY KEY, egg int NOT NULL);
CREATE TABLE egg (id int PRIMARY KEY, chicken int NOT NULL REFERENCES chicken);
ALTER TABLE chicken ADD FOREIGN KEY (egg) REFERENCES egg DEFERRABLE INITIALLY DEFERRED;
CREATE TABLE never (id int PRIMARY KEY CHECK (id > 0 AND id < 0));
CREATE TABLE watched (id int PRIMARY KEY);
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN IF NEW.id % 2 = 0 THEN RAISE 'even'; ELSIF NEW.id % 3 = 0 THEN RETURN NULL; END IF;
    RETURN NEW; END$$;
CREATE TRIGGER refuse BEFORE INSERT ON watched FOR EACH ROW EXECUTE FUNCTION refuse();
CREATE TABLE bag (word text);
CREATE TABLE full_already (id int PRIMARY KEY, word text, CHECK (id < 2000));
INSERT INTO full_already SELECT n, 'x' FROM generate_series(1, 100) AS n;
"""
TABLES = ("users", "posts", "chicken", "egg", "never", "watched", "bag", "full_already")
NAMES = [f"public.{name}" for name in TABLES]


@pytest.fixture
def databases(cluster: Cluster) -> Iterator[list[str]]:
    """The conninfos of four databases with the schema."""
    names = [f"filling_{number}" for number in range(4)]
    create_database(cluster, names[0])
    with closing(open_connection(cluster.conninfo(names[0]))) as connection:
        connection.execute(SCHEMA)
    for name in names[1:]:
        clone_database(cluster, names[0], name)
    yield [cluster.conninfo(name) for name in names]
    for name in names:
        drop_database(cluster, name, force=True)


def contents(conninfo: str) -> dict[str, list[str]]:
    with closing(open_connection(conninfo)) as connection:
        return {
            name: [row for (row,) in connection.execute(f"SELECT t::text FROM {name} AS t")]
            for name in TABLES
        }


def test_rows_enter_each_table_that_can_have_some(databases: list[str]) -> None:
    target, one, other, again = databases
    before = contents(target)
    filling = fill(target, [(one, other)], NAMES, change=True)
    after = contents(target)
    assert list(filling.refused) == ["public.never"]
    assert "no value was found for CHECK" in filling.refused["public.never"]
    gained = {name: len(after[name]) - len(before[name]) for name in TABLES}
    assert {f"public.{n}": count for n, count in gained.items() if count} == filling.rows
    assert {name: min(n, ROWS) for name, n in gained.items()} == dict.fromkeys(TABLES, ROWS) | {
        "never": 0,
        "full_already": 1,  # most values that its CHECK suggests are taken
    }
    assert filling.updated == {"public.full_already": 1}
    assert sum(row not in after["full_already"] for row in before["full_already"]) == 1
    assert any(",," in row for row in after["posts"] + after["users"])  # NULLs
    assert any(",," not in row for row in after["users"])
    replay(again, filling)
    assert contents(again) == after


def test_the_same_rows_each_time_and_none_where_they_are_tried(databases: list[str]) -> None:
    target, one, other, again = databases
    before = contents(one)
    found: list[Filling] = [fill(each, [(one, other)], NAMES) for each in (target, again)]
    assert found[0] == found[1]
    assert contents(one) == contents(other) == before


def test_rows_fulfil_the_rules_of_both_databases_where_some_can(databases: list[str]) -> None:
    target, one, other, new = databases
    with closing(open_connection(new)) as connection:
        connection.execute(
            "ALTER TABLE bag ADD CHECK (word IN ('yes', 'no')); DROP TABLE posts;"
            " ALTER TABLE users ADD CHECK (mood = 'sad'), ADD CHECK (mood = 'glad')"
        )
    filling = fill(target, [(one, new), (one, other)], NAMES, rows=2)
    found = contents(target)
    assert set(found["bag"]) <= {"(yes)", "(no)", "()"}
    assert filling.rows["public.posts"] == 2
    assert list(filling.refused) == ["public.never"]


def test_only_the_named_tables_and_those_that_they_refer_to(databases: list[str]) -> None:
    target, one, other, _ = databases
    filling = fill(target, [(one, other)], ["public.posts"], rows=1)
    assert filling.rows == {"public.users": 1, "public.posts": 1}


SLEEPING = """
CREATE FUNCTION sleep() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
    BEGIN
        PERFORM set_config('statement_timeout', '0', false);
        PERFORM pg_sleep(3600);
    EXCEPTION WHEN query_canceled THEN PERFORM pg_sleep(3600);
    END;
    RETURN NEW;
END$$;
CREATE TRIGGER sleep BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION sleep();
CREATE TRIGGER sleep BEFORE UPDATE ON full_already FOR EACH ROW EXECUTE FUNCTION sleep();
"""


@pytest.mark.usefixtures("short_limits")
def test_a_table_whose_trigger_sleeps_is_cancelled_once_and_passed_over(
    databases: list[str],
) -> None:
    for conninfo in databases:
        with closing(open_connection(conninfo)) as connection:
            connection.execute(SLEEPING)
    target, one, other, again = databases
    begun = time.monotonic()
    filling = fill(target, [(one, other)], NAMES, change=True, seconds=0.2)
    assert time.monotonic() - begun < 10
    why = "public.users takes more than 0.2 seconds"
    assert {filling.refused[f"public.{name}"] for name in ("users", "posts")} == {why}
    assert filling.rows["public.chicken"] == ROWS
    assert filling.updated == {}
    with pytest.raises(QueryCanceled):
        replay(again, replace(filling, statements=("SELECT pg_sleep(3600)",)), seconds=0.1)


@pytest.mark.usefixtures("short_limits")
def test_a_check_that_sleeps_is_cancelled(
    databases: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pytest_schema_parity.behavior.statements.runner.QUERY_TIMEOUT", 0.2)
    for conninfo in databases:
        with closing(open_connection(conninfo)) as connection:
            connection.execute(
                "CREATE FUNCTION sleeps(int) RETURNS bool LANGUAGE plpgsql AS"
                " $$BEGIN PERFORM pg_sleep(3600); RETURN true; END$$;"
                " ALTER TABLE watched ADD CHECK (sleeps(id) AND id > 0)"
            )
    target, one, other, _ = databases
    begun = time.monotonic()
    filling = fill(target, [(one, other)], NAMES[-3:], seconds=0.2)
    assert time.monotonic() - begun < 10
    assert list(filling.refused) == ["public.watched"]


@pytest.mark.usefixtures("short_limits")
def test_a_trigger_that_catches_each_cancellation_is_an_error(databases: list[str]) -> None:
    target, one, other, _ = databases
    with closing(open_connection(target)) as connection:
        connection.execute(
            "CREATE FUNCTION stay() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN LOOP"
            " BEGIN PERFORM pg_sleep(3600); EXCEPTION WHEN query_canceled THEN NULL; END;"
            " END LOOP; END$$; CREATE TRIGGER stay BEFORE INSERT ON bag"
            " FOR EACH ROW EXECUTE FUNCTION stay()"
        )
    with pytest.raises(OperationalError, match="ignored its cancellation"):
        fill(target, [(one, other)], ["public.bag"], seconds=0.1)
