"""The fixtures and the assertion, in people's own tests; with and without the flag."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
WITHOUT_A_COLUMN = """\
CREATE TABLE users (
    id text PRIMARY KEY,
    email text NOT NULL
);
CREATE UNIQUE INDEX users_email_key ON users (email);
CREATE VIEW active_users AS SELECT id, email FROM users;
"""
BUILT = """
def test_trees(schema_parity):
    tree = schema_parity["supabase"]
    assert tree.name == "supabase"
    assert not tree.comparison
    assert "public.users" in tree.schema.tables
    with tree.connect() as connection:
        assert connection.execute("SELECT count(*) FROM users").fetchone() == (0,)

def test_an_unknown_tree(schema_parity):
    import pytest
    with pytest.raises(KeyError, match="the trees are prisma, supabase"):
        schema_parity["supbase"]
"""
COPIES = """
import pytest

@pytest.mark.parametrize("attempt", [1, 2])
def test_writes(schema_parity_database, attempt):
    database = schema_parity_database["supabase"]
    assert schema_parity_database["supabase"] is database
    with database.connect() as connection:
        connection.execute("INSERT INTO users (id, email) VALUES ('a', 'b')")
    with database.connect() as connection:
        assert connection.execute("SELECT count(*) FROM users").fetchone() == (1,)

def test_a_connection_left_open_hinders_nobody(schema_parity_database):
    schema_parity_database["prisma"].connect()

def test_a_clone_by_hand(schema_parity):
    with schema_parity["prisma"].clone() as clone, clone.connect() as connection:
        connection.execute("DROP TABLE users CASCADE")
    assert "public.users" in schema_parity["prisma"].schema.tables
"""
READ_ONLY = """
import psycopg
import pytest

def test_writing(schema_parity, schema_parity_database):
    tree = schema_parity["supabase"]
    with tree.connect() as connection:
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute("DELETE FROM users")
        connection.rollback()
        with schema_parity_database["supabase"].connect() as clone:
            clone.execute("DELETE FROM users")
        assert connection.execute("SELECT count(*) FROM users").fetchone() == (0,)
    with psycopg.connect(tree.conninfo) as connection:
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute("DROP TABLE users")

def test_what_was_written_all_the_same_is_in_no_clone(schema_parity):
    with schema_parity["supabase"].connect(autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = off")
        connection.execute("INSERT INTO users (id, email) VALUES ('a', 'b')")
        with schema_parity["supabase"].clone() as clone, clone.connect() as other:
            assert other.execute("SELECT count(*) FROM users").fetchone() == (0,)
"""


def test_trees_are_built_read_and_copied(project) -> None:
    """One only reads a built tree; each test writes to databases of its own."""
    pytester = project()
    pytester.makepyfile(test_built=BUILT, test_copies=COPIES, test_read_only=READ_ONLY)
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=8)


def test_an_assertion_explains_itself(project) -> None:
    pytester = project(WITHOUT_A_COLUMN)
    pytester.makepyfile(
        """
        def test_parity(schema_parity):
            assert schema_parity["prisma"].schema == schema_parity["supabase"].schema
        """
    )
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*the schemas differ: 1 missing column, *", "*public.users.kajabi_contact_id*"]
    )


def test_a_mistake_in_the_configuration_is_told_by_the_fixture(pytester) -> None:
    pytester.makepyfile("def test_trees(schema_parity): pass")
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*there is no table ?tool.pytest-schema-parity?*"])
