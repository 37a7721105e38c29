"""``pytest --schema-parity`` as its users run it."""

from __future__ import annotations

import json
import re

import pytest

from pytest_schema_parity.checks import registry

DRIFTED = """\
CREATE TABLE users (
    id text PRIMARY KEY,
    email text NOT NULL
);
CREATE VIEW active_users AS
SELECT id, email FROM users;
"""
ITEMS = 1 + len(
    registry.names()
)  # the reference's own ``applies``, and every check of the candidate
GATE = ("--schema-parity", "pyproject.toml")
TEST_FILE = "def test_of_the_project(): pass"


def test_trees_at_parity_pass(project) -> None:
    result = project().runpytest_subprocess(*GATE)
    result.assert_outcomes(passed=ITEMS)
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["*schema-parity: PostgreSQL *", "*prisma*supabase*"])


def test_a_check_is_selected_by_its_id(project) -> None:
    pytester = project(DRIFTED)
    result = pytester.runpytest_subprocess(
        "--schema-parity",
        "pyproject.toml::supabase::columns",
        "-v",
        "--schema-parity-report=json:report.json",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["pyproject.toml::supabase::columns FAILED*"])
    report = json.loads(pytester.path.joinpath("report.json").read_text())
    assert report["checks"] == {"supabase": {"columns": "failed"}}


def test_a_check_is_deselected_by_its_id(project) -> None:
    result = project(DRIFTED).runpytest_subprocess(
        *GATE,
        "--co",
        "-qk",
        "columns or indexes",
        "--deselect",
        "pyproject.toml::supabase::columns",
    )
    assert [line for line in result.outlines if "::" in line] == [
        "pyproject.toml::supabase::indexes"
    ]
    result.stdout.fnmatch_lines([f"1/{ITEMS} tests collected ({ITEMS - 1} deselected)*"])


@pytest.mark.campaign
def test_last_failed_runs_just_what_failed(project) -> None:
    pytester = project(DRIFTED)
    first = pytester.runpytest_subprocess(*GATE, "-k", "columns or indexes or types")
    first.assert_outcomes(passed=1, failed=2, deselected=ITEMS - 3)
    again = pytester.runpytest_subprocess(*GATE, "--lf")
    again.assert_outcomes(failed=2)


@pytest.mark.parametrize("paths", [["tests"], ["."], ["tests", "pyproject.toml"], []])
def test_the_flag_adds_the_checks_once_whatever_is_named(project, paths) -> None:
    pytester = project()
    pytester.mkdir("tests").joinpath("test_it.py").write_text(TEST_FILE)
    result = pytester.runpytest_subprocess("--schema-parity", "--collect-only", "-q", *paths)
    ids = [line for line in result.outlines if "::" in line]
    assert len(ids) == len(set(ids)) == ITEMS + 1


def test_the_gate_runs_beside_the_tests_of_the_project(project) -> None:
    pytester = project()
    pytester.makepyfile(test_it=TEST_FILE)
    result = pytester.runpytest_subprocess("--schema-parity", "-k", "columns or test_it")
    result.assert_outcomes(passed=2, deselected=ITEMS - 1)


def test_naming_the_configuration_imports_no_test(project) -> None:
    pytester = project()
    pytester.makepyfile(test_broken="raise RuntimeError('imported')")
    result = pytester.runpytest_subprocess(*GATE, "--collect-only", "-q")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines([f"{ITEMS} tests collected*"])


def test_the_marker_selects_the_checks(project) -> None:
    pytester = project()
    pytester.makepyfile(test_it=TEST_FILE)
    arguments = ("--schema-parity", "--collect-only", "-m", "schema_parity")
    result = pytester.runpytest_subprocess(*arguments)
    result.stdout.fnmatch_lines([f"*{ITEMS}/{ITEMS + 1} tests collected (1 deselected)*"])


def test_without_the_flag_nothing_is_added(project) -> None:
    pytester = project(DRIFTED)
    pytester.makepyfile(test_it="def test_it(): pass")
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_collecting_starts_no_server(project) -> None:
    pytester = project()
    pytester.makeconftest(
        """
        from pytest_schema_parity.building import targets

        def refuse(*args, **kwargs):
            raise RuntimeError("a server was to be started")

        targets.start_cluster = refuse
        """
    )
    result = pytester.runpytest_subprocess("--schema-parity", "--collect-only", "-q")
    result.stdout.fnmatch_lines(["pyproject.toml::supabase::columns"])
    assert result.ret == pytest.ExitCode.OK
    run = pytester.runpytest_subprocess("--schema-parity", "-k", "columns")
    run.assert_outcomes(failed=1, deselected=ITEMS - 1)
    run.stdout.fnmatch_lines(["*ERROR: *a server was to be started*"])


def test_a_project_without_configuration_is_told_what_to_add(pytester) -> None:
    result = pytester.runpytest_subprocess("--schema-parity")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*tool.pytest-schema-parity*pyproject.toml*"])


def test_a_broken_file_is_a_finding_and_the_rest_is_compared(project) -> None:
    broken = "CREATE TABLE extra (id int);\nCREATE INDEX ON user_s (email);\n"
    pytester = project()
    pytester.path.joinpath("supabase/migrations/20250102000000_index.sql").write_text(broken)
    result = pytester.runpytest_subprocess(*GATE, "-k", "not behavior")
    result.assert_outcomes(passed=ITEMS - 2, failed=1, deselected=1)
    result.stdout.fnmatch_lines(
        ["*20250102000000_index.sql:2:*", '*relation "user_s" does not exist*users*']
    )


def test_drift_fails_with_workers_as_in_a_serial_run_and_is_in_each_report(project) -> None:
    pytester = project(DRIFTED)
    runs = []
    for workers, report in (("-n2", "out/spread.json"), ("-n0", "out/serial.json")):
        reports = (f"--schema-parity-report=json:{report}", "--junitxml=junit.xml")
        result = pytester.runpytest_subprocess(*GATE, workers, *reports, "-p", "no:cacheprovider")
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        text = result.stdout.str()
        shown = text[text.index("= FAILURES =") : text.index("json report")]
        shown += text[text.index("= short test summary") : text.rindex("\n=")]
        shown = re.sub(r"\[gw\d\] .*\n", "", shown)
        runs.append((result.parseoutcomes(), shown, pytester.path.joinpath(report).read_text()))
    assert runs[0] == runs[1]
    result.stdout.fnmatch_lines(
        [
            "*public.users.kajabi_contact_id*",
            "*prisma/migrations/001_init.sql:*",
            "FAILED pyproject.toml::supabase::columns - *missing column*",
        ]
    )
    junit = pytester.path.joinpath("junit.xml").read_text()
    assert 'name="schema_parity_tree" value="supabase"' in junit
    assert "public.users.kajabi_contact_id" in junit
    report = json.loads(runs[0][-1])
    assert report["verdict"] == "drift"
    assert report["reference"] == "prisma"
    column = next(d for d in report["differences"] if d["kind"] == "column")
    assert column["name"] == "public.users.kajabi_contact_id"
    assert column["origin"]["reference"] == {"file": "prisma/migrations/001_init.sql", "line": 1}
    assert {entry["subject"] for entry in report["behavior"]} == {
        "public.active_users",
        "public.users",
    }


def test_a_check_of_the_project_runs_on_every_candidate(project) -> None:
    pytester = project()
    pytester.makeconftest(
        """
        def has_users(tree):
            assert "public.users" in tree.schema.tables
            assert tree.name == "nobody", "the project's own check ran"

        def pytest_schema_parity_checks():
            return {"has-users": has_users}
        """
    )
    result = pytester.runpytest_subprocess(*GATE, "-k", "has-users")
    result.assert_outcomes(failed=1, deselected=ITEMS)
    result.stdout.fnmatch_lines(
        [
            "*AssertionError: the project's own check ran",
            "*assert 'supabase' == 'nobody'",
            "*pyproject.toml::supabase::has-users*",
        ]
    )
    assert len(result.outlines) < 50
