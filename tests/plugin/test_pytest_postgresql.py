"""Built trees behind the fixtures of pytest-postgresql."""

from __future__ import annotations

import pytest

pytest.importorskip("pytest_postgresql", reason="what these tests are about is not installed")


@pytest.fixture
def absent() -> tuple[str, ...]:
    """Nothing that is installed."""
    return ()


FIXTURES = """
from pytest_postgresql import factories
from pytest_schema_parity.plugin.factories import schema_parity_proc

supabase_proc = schema_parity_proc("supabase")
supabase = factories.postgresql("supabase_proc")
reference_proc = schema_parity_proc(dbname="other")
reference = factories.postgresql("reference_proc")
"""
TESTS = """
import pytest

@pytest.mark.parametrize("number", range(3))
def test_each_has_a_copy_of_its_own(supabase, number):
    assert supabase.execute("SELECT count(*) FROM users").fetchone() == (0,)
    supabase.execute("INSERT INTO users (id, email) VALUES ('1', 'a')")
    supabase.commit()

def test_two_trees(supabase, reference):
    assert supabase.info.dbname.startswith("tests")
    assert reference.info.dbname.startswith("other")
    assert supabase.info.host != reference.info.host

def test_the_built_tree_is_as_it_was(supabase, schema_parity):
    supabase.execute("DROP TABLE users CASCADE")
    supabase.commit()
    with schema_parity["supabase"].connect() as connection:
        assert connection.execute("SELECT count(*) FROM users").fetchone() == (0,)
"""
ON_SUPABASE = """\
[tool.pytest-schema-parity]
reference = "prisma"
platform = "supabase"

[tool.pytest-schema-parity.trees.prisma]
path = "prisma/migrations"

[tool.pytest-schema-parity.trees.supabase]
path = "supabase/migrations"
"""


@pytest.mark.parametrize("workers", [pytest.param([], marks=pytest.mark.campaign), ["-n2"]])
def test_a_connection_to_a_copy_for_each_test(project, workers) -> None:
    pytester = project()
    pytester.makeconftest(FIXTURES)
    pytester.makepyfile(test_it=TESTS)
    result = pytester.runpytest_subprocess("test_it.py", *workers)
    result.assert_outcomes(passed=5)


def test_with_the_platforms_role(project) -> None:
    pytester = project(configuration=ON_SUPABASE)
    pytester.makeconftest(FIXTURES)
    pytester.makepyfile(
        test_it="def test_it(supabase):\n"
        "    assert supabase.execute('SELECT current_user').fetchone() == ('postgres',)"
    )
    pytester.runpytest_subprocess("test_it.py").assert_outcomes(passed=1)
