"""A gate that checks nothing must not pass, whatever made it so."""

from __future__ import annotations

import pytest
from support.campaign import in_campaign

COLUMNS = ("-k", "columns")
SERIAL_AND_WORKER = [[], *in_campaign([["-n1"]])]
TEST_FILE = "def test_of_the_project(): pass"
SKIPPING = """
import pytest

def pytest_collection_modifyitems(items):
    for item in items:
        if item.get_closest_marker("schema_parity"):
            item.add_marker(pytest.mark.skip(reason="not today"))
"""


@pytest.fixture
def pytester_with_test(project) -> pytest.Pytester:
    pytester = project()
    pytester.makepyfile(test_it=TEST_FILE)
    return pytester


@pytest.mark.parametrize(
    "selection",
    [
        ["-k", "prisma"],
        ["-n1", "-k", "test_of_the"],
        *in_campaign(
            [
                ["-k", "nothing_of_this_name"],
                ["-m", "not schema_parity"],
                ["--deselect", "pyproject.toml"],
                ["--deselect", "pyproject.toml::supabase"],
                ["-n1", "-k", "nothing_of_this_name"],
            ]
        ),
    ],
)
def test_a_selection_of_no_check_of_a_candidate(pytester_with_test, selection) -> None:
    result = pytester_with_test.runpytest_subprocess("--schema-parity", *selection)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines(
        ["*ERROR: *selected no check of a candidate tree*select more with -k*"]
    )
    assert "INTERNALERROR" not in result.stdout.str() + result.stderr.str()


def test_a_list_of_no_check_of_a_candidate(pytester_with_test) -> None:
    arguments = ("--schema-parity", "--collect-only", "-k", "test_of_the")
    result = pytester_with_test.runpytest_subprocess(*arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*selected no check of a candidate tree*"])


@pytest.mark.campaign
def test_the_reference_alone_by_its_id(project) -> None:
    result = project().runpytest_subprocess("--schema-parity", "pyproject.toml::prisma::applies")
    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.OK


@pytest.mark.campaign
@pytest.mark.parametrize("workers", SERIAL_AND_WORKER)
def test_last_failed_that_leaves_no_check(project, workers) -> None:
    pytester = project()
    pytester.makepyfile(test_it="def test_fails(): assert False")
    first = pytester.runpytest_subprocess("--schema-parity", "-k", "fails or columns")
    assert first.parseoutcomes()["failed"] == 1
    again = pytester.runpytest_subprocess("--schema-parity", "--lf", *workers)
    assert again.parseoutcomes()["failed"] == 1
    assert again.ret == pytest.ExitCode.TESTS_FAILED
    pytester.makepyfile(test_it="def test_fails(): pass")
    fixed = pytester.runpytest_subprocess("--schema-parity", "--lf", *workers)
    assert fixed.parseoutcomes()["passed"] == 1
    assert fixed.ret == pytest.ExitCode.USAGE_ERROR
    fixed.stdout.fnmatch_lines(["*ERROR: *run it without --lf, which selected only what failed*"])


@pytest.mark.parametrize("workers", SERIAL_AND_WORKER)
def test_checks_that_are_all_skipped(pytester_with_test, workers) -> None:
    pytester_with_test.makeconftest(SKIPPING)
    result = pytester_with_test.runpytest_subprocess("--schema-parity", *workers)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines(["*ERROR: *no check of a candidate tree has run*"])


@pytest.mark.parametrize("name", ["schema-parity-gate", *in_campaign(["schema-parity-results"])])
def test_no_part_of_the_gate_can_be_blocked(project, name) -> None:
    drifted = project("CREATE TABLE users (id text PRIMARY KEY);")
    arguments = ("--schema-parity", "pyproject.toml", "-k", "columns", "-p", f"no:{name}")
    result = drifted.runpytest_subprocess(*arguments)
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_a_check_of_the_project_that_is_none_is_refused_before_workers_start(project) -> None:
    pytester = project()
    pytester.makeconftest("def pytest_schema_parity_checks(): return {'columns': print}")
    result = pytester.runpytest_subprocess("--schema-parity", "pyproject.toml", "-n1")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*there is a check 'columns' already*"])
    result.stdout.no_fnmatch_line("*created: *")


@pytest.mark.campaign
def test_a_configuration_where_pytest_does_not_look(project) -> None:
    pytester = project()
    hidden = pytester.mkdir(".hidden") / "parity.toml"
    configuration = pytester.path.joinpath("pyproject.toml").read_text()
    hidden.write_text(configuration.replace('path = "', 'path = "../'))
    result = pytester.runpytest_subprocess(
        "--schema-parity", f"--schema-parity-config={hidden}", *COLUMNS
    )
    assert result.parseoutcomes()["passed"] == 1


@pytest.mark.campaign
def test_a_configuration_behind_a_link(project) -> None:
    pytester = project()
    folder = pytester.mkdir("elsewhere")
    link = folder / "pyproject.toml"
    link.symlink_to(pytester.path / "pyproject.toml")
    result = pytester.runpytest_subprocess("--schema-parity", "elsewhere/pyproject.toml", *COLUMNS)
    assert result.parseoutcomes()["passed"] == 1


@pytest.mark.campaign
def test_without_a_terminal(project) -> None:
    drifted = project("CREATE TABLE users (id text PRIMARY KEY);")
    result = drifted.runpytest_subprocess("--schema-parity", *COLUMNS, "-p", "no:terminal")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert "INTERNALERROR" not in result.stdout.str() + result.stderr.str()


BROKEN = "CREATE TABLE billing (id int, CHECK (nope > 1));"


@pytest.mark.parametrize("workers", SERIAL_AND_WORKER)
def test_a_broken_reference_lets_no_candidate_pass(project, workers) -> None:
    pytester = project()
    pytester.path.joinpath("prisma/migrations/002_b.sql").write_text(BROKEN)
    result = pytester.runpytest_subprocess(
        "--schema-parity", "-k", "supabase and columns", *workers
    )
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        ["*ERROR: prisma could not be applied without errors: prisma/migrations/002_b.sql:1:*"]
    )


def test_trees_that_make_nothing_are_not_at_parity(project) -> None:
    pytester = project("-- nothing\n")
    pytester.path.joinpath("prisma/migrations/001_init.sql").write_text("-- nothing\n")
    result = pytester.runpytest_subprocess("--schema-parity", *COLUMNS)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*the files of the reference create no objects*"])


@pytest.mark.parametrize("option", ["--fixtures", "--setup-plan", "--setup-only"])
def test_what_only_shows_is_left_alone(project, option) -> None:
    result = project().runpytest_subprocess("--schema-parity", "pyproject.toml", option)
    assert "ERROR" not in result.stdout.str() + result.stderr.str()


@pytest.mark.campaign
def test_a_way_to_spread_without_workers_is_a_serial_run(project) -> None:
    result = project().runpytest_subprocess("--schema-parity", "--dist=loadfile", *COLUMNS)
    assert result.ret == pytest.ExitCode.OK
    assert result.parseoutcomes()["passed"] == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("pyproject.toml::supabase::colums", '*supabase has no check "colums"; did you mean *'),
        ("test_mine.py::test_nothing", "*not found: *test_nothing*"),  # by pytest itself
    ],
)
def test_the_error_about_a_mistyped_id_comes_first(project, wrong: str, said: str) -> None:
    pytester = project()
    pytester.makepyfile(test_mine="def test_mine(): pass")
    result = pytester.runpytest_subprocess("--schema-parity", wrong)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([said])
    assert "checks nothing" not in result.stderr.str()


@pytest.mark.campaign
def test_another_toml_file_is_no_configuration(project) -> None:
    pytester = project()
    pytester.path.joinpath("other.toml").write_text("[tox]\n")
    result = pytester.runpytest_subprocess(
        "--schema-parity", "pyproject.toml", "--ignore=other.toml", *COLUMNS
    )
    assert result.ret == pytest.ExitCode.OK
