"""Assertions about what databases do, in a project's own tests."""

from __future__ import annotations

import sys

import pytest

CANDIDATE = """\
CREATE TABLE users (
    id text PRIMARY KEY,
    email text NOT NULL,
    kajabi_contact_id text
);
CREATE VIEW active_users AS
SELECT id, email FROM users;
"""
TESTS = """
import json
from pathlib import Path

import pytest

FIRST = "INSERT INTO users VALUES ('a', 'a@x.org', 'k')"

def test_same_outcome(schema_parity):
    schema_parity.same_outcome(FIRST, "UPDATE users SET id = 'b'", "DELETE FROM users")
    schema_parity.same_outcome("INSERT INTO users (id) VALUES ('a')")
    schema_parity.same_outcome("SELECT 1 / 0")

@pytest.mark.parametrize(("statement", "told"), [
    ("SELEC 1", "42601 syntax error"), ("SELECT nothing", '42703 column "nothing" does not exist'),
    ("TABLE usres", '42P01 relation "usres" does not exist'), ("SELECT f(1)", "42883 function f"),
    ("SELECT 'a'::nope", '42704 type "nope" does not exist'),
    ("SET ROLE annon", '22023 role "annon" does not exist'),
])
def test_a_statement_that_no_tree_understands(schema_parity, statement, told):
    with pytest.raises(ValueError, match="invalid in both prisma and supabase") as caught:
        schema_parity.same_rows(statement)
    assert told in str(caught.value)

def test_an_undefined_name_inside_of_what_runs_is_an_outcome(schema_parity):
    schema_parity.same_outcome("DO $$BEGIN PERFORM nothing(); END$$")

def test_no_statement(schema_parity):
    for statements in ((), ("", " ")):
        with pytest.raises(ValueError, match="no statement is given"):
            schema_parity.same_outcome(*statements)

def test_no_such_tree(schema_parity):
    with pytest.raises(KeyError, match="there is no tree 'supabse'; the trees are prisma, supab"):
        schema_parity.same_rows("SELECT 1", tree="supabse")

def test_the_reference_is_not_compared_with_itself(schema_parity):
    with pytest.raises(ValueError, match="prisma is the reference, which would be compared with"):
        schema_parity.same_rows("SELECT 1", tree="prisma")

def test_no_such_seed(schema_parity):
    with pytest.raises(FileNotFoundError, match="there is no file nix.sql, relative to"):
        schema_parity.same_rows("SELECT 1", seed="nix.sql")

def test_no_counterexample(schema_parity):
    with pytest.raises(ValueError, match="lacks statements and tree: pass an entry"):
        schema_parity.replay({})

def test_another_outcome(schema_parity):
    with pytest.raises(AssertionError) as caught:
        schema_parity.same_outcome(FIRST, FIRST.replace("'a',", "'b',"), tree="supabase")
    assert str(caught.value).splitlines() == [
        "supabase differs from prisma: INSERT INTO users VALUES ('b', 'a@x.org', 'k')",
        "    prisma    23505 duplicate key value violates unique constraint \\"users_email_key\\"",
        "    supabase  1 row",
    ]

def test_same_rows(schema_parity):
    schema_parity.same_rows("SELECT * FROM active_users", seed=FIRST)
    schema_parity.same_rows("SELECT * FROM users ORDER BY random()", seed=FIRST)
    Path("seed.sql").write_text(FIRST.replace("'k'", "NULL"))
    with pytest.raises(AssertionError, match="only in supabase +id = a, email = a@x.org"):
        schema_parity.same_rows("SELECT * FROM active_users", seed=Path("seed.sql"))
    with pytest.raises(AssertionError, match="only in supabase +id = a, email = a@x.org"):
        schema_parity.same_rows("SELECT * FROM active_users", seed="seed.sql")
    schema_parity.same_rows("SELECT * FROM active_users", seed="SELECT 1 -- " + "x" * 5000)

def test_a_seed_has_to_run(schema_parity):
    import psycopg
    with pytest.raises(psycopg.errors.UndefinedTable):
        schema_parity.same_rows("SELECT 1", seed="INSERT INTO nowhere VALUES (1)")

def test_replay(schema_parity):
    entries = json.loads(Path("report.json").read_text())["behavior"]
    found = {entry["subject"]: entry for entry in entries}
    assert found.keys() == {"public.users", "public.active_users"}
    for entry in found.values():
        with pytest.raises(AssertionError, match="supabase differs from prisma"):
            schema_parity.replay(entry)
    gone = {"tree": "supabase", "statements": [FIRST, "TABLE users"]}
    schema_parity.replay(gone)
"""
ROWS = """
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

@settings(max_examples=10, deadline=None, database=None, derandomize=True,
          suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_rows_enter(schema_parity, data):
    statements = data.draw(schema_parity.rows("public.users"))
    assert statements[-1].startswith("INSERT INTO public.users")
    schema_parity.same_outcome(*statements)

def test_shrunk(schema_parity):
    from hypothesis import find
    found = find(schema_parity.rows("public.users"), lambda rows: "kajabi" in rows[-1])
    assert found == ("INSERT INTO public.users (id, email, kajabi_contact_id)"
                     " VALUES ('id1', 'email1', 'kajabi_contact_id1');",)

def test_no_such_table(schema_parity):
    with pytest.raises(KeyError, match="there are public.users"):
        schema_parity.rows("public.user")
"""


def test_assertions(project) -> None:
    pytester = project(CANDIDATE)
    check = ("--schema-parity", "pyproject.toml::supabase::behavior")
    pytester.runpytest_subprocess(*check, "--schema-parity-report=json:report.json")
    pytester.makepyfile(TESTS)
    result = pytester.runpytest_subprocess("-v")
    result.assert_outcomes(passed=TESTS.count("def test_") + 5)


def test_an_assertion_that_fails_shows_the_test_and_not_the_plugin(project) -> None:
    pytester = project(CANDIDATE)
    pytester.makepyfile(
        "def test_it(schema_parity): schema_parity.same_rows('SELECT 1')\n"
        "def test_other(schema_parity):\n"
        "    schema_parity.same_outcome(\"INSERT INTO users VALUES ('a', 'b')\",\n"
        "        \"INSERT INTO users VALUES ('c', 'b')\")\n"
    )
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.no_fnmatch_line("*run_on_both*")
    result.stdout.fnmatch_lines(["E * supabase differs from prisma: INSERT INTO users*"])


ALONE = """
import pytest

def test_nothing_to_compare_with(schema_parity):
    for call in (schema_parity.same_rows, schema_parity.same_outcome, schema_parity.rows):
        with pytest.raises(ValueError, match="no candidate to compare with prisma: pass tree="):
            call("SELECT 1")
    schema_parity.same_rows("SELECT 1", tree="supabase")
"""


@pytest.mark.campaign
def test_without_a_candidate_they_say_what_to_do(project) -> None:
    pytester = project(CANDIDATE)
    with pytester.path.joinpath("pyproject.toml").open("a") as configuration:
        configuration.write(
            "[tool.pytest-schema-parity.rehearsal]\n"
            'from = "supabase"\nsteps = "upgrade"\nto = "prisma"\n'
        )
    pytester.mkdir("upgrade").joinpath("001_users.up.sql").write_text("SELECT 1;\n")
    pytester.makepyfile(ALONE)
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


@pytest.mark.campaign
def test_rows_without_hypothesis_names_the_remedy(project) -> None:
    pytester = project(CANDIDATE)
    pytester.makeconftest(
        "import sys\nsys.modules.pop('hypothesis', None)\n"
        "import importlib.util as util\nfind = util.find_spec\n"
        "util.find_spec = lambda name, *more: None if name == 'hypothesis' else find(name, *more)\n"
    )
    pytester.makepyfile("def test_it(schema_parity): schema_parity.rows('public.users')")
    result = pytester.run(sys.executable, "-m", "pytest")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ['*schema_parity.rows needs Hypothesis: pip install "pytest-schema-parity*hypothesis*"']
    )


class TestStrategies:
    @pytest.fixture
    def absent(self) -> tuple[str, ...]:
        return ("pytest_postgresql",)

    def test_rows(self, project) -> None:
        pytester = project(CANDIDATE)
        pytester.makepyfile(ROWS)
        pytester.runpytest_subprocess().assert_outcomes(passed=3)
