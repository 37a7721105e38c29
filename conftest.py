"""What a project adds to the gate in Python: checks of its own, and a fixture for its tests."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    import psycopg

    from pytest_schema_parity import BuiltTree, Databases

SQL: Final = Path(__file__).parent / "sql"


@pytest.hookimpl(optionalhook=True)  # so that the tests run without the plugin, too
def pytest_schema_parity_checks() -> Mapping[str, Callable[[BuiltTree], None]]:
    """Rules of this project, checked on every candidate beside the plugin's own."""
    return {
        "primary-keys": every_table_has_a_primary_key,
        "api-roles": api_roles_meet_policies,
        "requests": requests_reach_what_they_should,
    }


def every_table_has_a_primary_key(tree: BuiltTree) -> None:
    """Replication and `ON CONFLICT` want a key on every table."""
    for name, table in tree.schema.in_schema("public").tables.items():
        constraints = table.of_kind("constraint")
        keys = [fact for fact in constraints if fact.attributes["type"] == "primary key"]
        assert keys, f"{name} has no primary key"


def api_roles_meet_policies(tree: BuiltTree) -> None:
    """Clients reach the tables directly: a table without row level security is open to them."""
    with tree.connect() as connection:
        rows = connection.execute(
            "SELECT c.oid::regclass::text FROM pg_class c"
            " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'"
            " AND NOT c.relrowsecurity AND has_table_privilege('anon', c.oid, 'SELECT')"
        ).fetchall()
        buckets = connection.execute("SELECT id FROM storage.buckets WHERE public").fetchall()
    assert not rows, f"anon may read without any policy: {', '.join(name for (name,) in rows)}"
    assert not buckets, f"anyone may download from: {', '.join(name for (name,) in buckets)}"


def requests_reach_what_they_should(tree: BuiltTree) -> None:
    """What is allowed to differ is compared with nothing: try what the policies let through."""
    if tree.name != "supabase":
        pytest.skip("the requests are written for the consolidated tree")
    plan = tomllib.loads((SQL / "requests.toml").read_text(encoding="utf-8"))
    actors, *rows = map(str.split, plan["reach"].strip().splitlines())
    wrong = []
    with tree.clone() as database, database.connect() as connection:
        for file in sorted((SQL / "seed").glob("*.sql")):
            connection.execute(file.read_bytes())
        connection.execute(plan["rows"] + "SELECT refresh_leaderboards()")
        connection.commit()
        connection.autocommit = True
        ask = Requests(connection, plan["people"])
        for table, *cells in rows:
            for number, who in enumerate(actors):
                expected = cells[3 * number : 3 * number + 3]
                if (found := ask.reach(who, table)) != expected:
                    wrong.append(f"{who} reaches {found} rows of {table}, not {expected}")
        for who, expected, statement in plan["attempts"]:
            if (came := ask.attempt(who, statement)) != expected:
                wrong.append(f"{who} comes to {came}, not {expected}: {statement}")
    assert not wrong, "\n".join(["requests reach other rows than they should:", *wrong])


class Requests:
    """Requests as the API makes them: a role, the token's claims, one statement, undone again."""

    def __init__(self, connection: psycopg.Connection, people: Mapping[str, str]) -> None:
        self.connection = connection
        self.people = people

    def reach(self, who: str, table: str) -> list[str]:
        """How many rows one may see, lock for an UPDATE, and delete."""
        return [
            self.attempt(who, statement.format(table))
            for statement in ("SELECT FROM {}", "SELECT FROM {} FOR UPDATE", "DELETE FROM {}")
        ]

    def attempt(self, who: str, statement: str) -> str:
        """How many rows a statement comes to; ``-`` where it is refused, else the error."""
        from psycopg import ClientCursor, Error
        from psycopg.errors import InsufficientPrivilege

        claims = {"sub": self.people.get(who), "email": f"{who}@example.org"}
        for name, subject in self.people.items():
            statement = statement.replace(f":{name}", f"'{subject}'")
        with ClientCursor(self.connection) as cursor:
            settings = cursor.mogrify(
                "SELECT set_config('request.jwt.claims', %s, true), set_config('role', %s, true),"
                " set_config('storage.allow_delete_query', 'true', true)",
                [json.dumps(claims), "authenticated" if who in self.people else "anon"],
            )
            try:  # all in one round trip, and none of it stays
                cursor.execute(f"BEGIN; {settings}; {statement}; ROLLBACK".encode())
            except InsufficientPrivilege:
                self.connection.rollback()
                return "-"
            except Error as error:
                self.connection.rollback()
                return f"{error.sqlstate} {error}"
            cursor.nextset()
            cursor.nextset()
            return str(cursor.rowcount)


@pytest.fixture
def learner(schema_parity_database: Databases) -> Iterator[psycopg.Connection]:
    """A connection to a copy of the consolidated database in which one user may submit."""
    with schema_parity_database["supabase"].connect() as connection:
        connection.execute(
            "INSERT INTO users (id, handle, name, email) VALUES ('u1', 'ada', 'Ada', 'ada@x.org')"
        )
        connection.execute(
            "INSERT INTO activities (code, name, default_points)"
            " VALUES ('LEARN', 'Learn', 20), ('AMPLIFY', 'Amplify', 10)"
        )
        yield connection
