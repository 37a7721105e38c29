"""What a project adds to the gate in Python: a check of its own, and a fixture for its tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import psycopg

    from pytest_schema_parity.build import BuiltTree
    from pytest_schema_parity.plugin.fixtures import Databases


@pytest.hookimpl(optionalhook=True)  # so that the tests run without the plugin, too
def pytest_schema_parity_checks() -> Mapping[str, Callable[[BuiltTree], None]]:
    """Two rules of this project, checked on every candidate beside the plugin's own."""
    return {"primary-keys": every_table_has_a_primary_key, "api-roles": api_roles_meet_policies}


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
    assert not rows, f"anon may read without any policy: {', '.join(name for (name,) in rows)}"


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
