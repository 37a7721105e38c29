"""What a project adds in its conftest.py: trees, adjusted facts, accepted differences."""

from __future__ import annotations

import json

import pytest
from support.campaign import in_campaign

ONE_TREE = """\
[tool.pytest-schema-parity]
reference = "prisma"

[tool.pytest-schema-parity.trees.prisma]
path = "prisma/migrations"
"""
ADDS_A_TREE = """
from pathlib import Path

def pytest_schema_parity_trees(config):
    return {"generated": {"files": (Path("supabase/migrations/20250101000000_init.sql"),)}}
"""
DRIFTED = """\
CREATE TABLE users (id text PRIMARY KEY, email text NOT NULL, kajabi_contact_id varchar);
CREATE UNIQUE INDEX users_email_key ON users (email);
CREATE VIEW active_users AS
SELECT id, email FROM users WHERE kajabi_contact_id IS NOT NULL;
CREATE TABLE scratch (id int PRIMARY KEY, note text);
"""
GATE = ("--schema-parity", "pyproject.toml")


def test_a_tree(project) -> None:
    pytester = project(DRIFTED, configuration=ONE_TREE)
    pytester.makeconftest(ADDS_A_TREE)
    result = pytester.runpytest_subprocess(*GATE, "-n1", "-k", "tables")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["FAILED pyproject.toml::generated::tables - 1 extra table*"])


@pytest.mark.campaign
def test_a_tree_for_the_fixtures_alone(project) -> None:
    pytester = project(configuration=ONE_TREE)
    pytester.makeconftest(ADDS_A_TREE)
    pytester.makepyfile(
        "def test_it(schema_parity): assert not schema_parity['generated'].comparison"
    )
    pytester.runpytest_subprocess("-k", "test_it").assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ('{"x": {"pth": "sql"}}', "*pytest_schema_parity_trees: 'x' pth: unknown key; *\"path\"*"),
        *in_campaign(
            [
                (
                    '{"x": {"path": 3}}',
                    "*pytest_schema_parity_trees: 'x' path: a number instead of*",
                ),
                (
                    '{"x": {"path": object}}',
                    "*pytest_schema_parity_trees: 'x' path: <class*instead of*",
                ),
                ('{"x": "sql"}', "*pytest_schema_parity_trees: 'x': 'sql' instead of the keys*"),
                (
                    '{"prisma": {"path": "sql"}}',
                    "*pytest_schema_parity_trees: 'prisma': is already a tree of*",
                ),
                ('["x"]', "*pytest_schema_parity_trees returned ?'x'?: return a mapping*"),
            ]
        ),
    ],
)
def test_a_tree_that_cannot_be(project, given: str, told: str) -> None:
    pytester = project()
    pytester.makeconftest(f"def pytest_schema_parity_trees(): return {given}")
    result = pytester.runpytest_subprocess(*GATE)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([told])


def test_a_fact_is_changed_or_dropped_with_what_is_below_it(project) -> None:
    pytester = project(DRIFTED)
    pytester.makeconftest(
        """
        from dataclasses import replace

        def pytest_schema_parity_fact(fact):
            if (fact.kind, fact.name) == ("table", "public.scratch"):
                return False
            if fact.attributes.get("type") == "character varying":
                return replace(fact, attributes={**fact.attributes, "type": "text"})
            if fact.kind == "view":
                return False  # their text casts the column, or does not
        """
    )
    result = pytester.runpytest_subprocess(*GATE, "-k", "not behavior")
    assert result.ret == pytest.ExitCode.OK, result.stdout.str()


def test_a_difference_is_accepted_with_a_reason(project) -> None:
    pytester = project(DRIFTED)
    pytester.makeconftest(
        """
        def pytest_schema_parity_allow(difference, tree):
            if tree == "supabase":
                return f"known: {difference.kind}"
        """
    )
    result = pytester.runpytest_subprocess(
        *GATE, "-k", "not behavior", "--schema-parity-report=json:report.json"
    )
    assert result.ret == pytest.ExitCode.OK, result.stdout.str()
    report = json.loads(pytester.path.joinpath("report.json").read_text())
    assert report["verdict"] == "parity"
    reasons = {difference["allowed"] for difference in report["differences"]}
    assert {"known: table", "known: column"} <= reasons


@pytest.mark.parametrize(
    ("hook", "told"),
    [
        (
            "fact(fact): return 'x'",
            "*pytest_schema_parity_fact returned 'x' for *False to drop it*",
        ),
        *in_campaign(
            [
                (
                    "allow(difference): return ' '",
                    "*pytest_schema_parity_allow returned ' ' for *the reason*",
                ),
                (
                    "fact(fact): import dataclasses as d;"
                    " return d.replace(fact, kind='view', name='a')",
                    "*pytest_schema_parity_fact gave two facts the same kind and name:*view a*",
                ),
                (
                    "fact(fact): fact.attributes['type'] = 'x'",
                    "*pytest_schema_parity_fact changed * in place and returned None."
                    " Return another:*",
                ),
            ]
        ),
    ],
)
def test_a_hook_that_returns_something_else_is_told(project, hook: str, told: str) -> None:
    pytester = project(DRIFTED)
    pytester.makeconftest(f"def pytest_schema_parity_{hook}")
    result = pytester.runpytest_subprocess(*GATE, "-k", "columns")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines([told])


@pytest.mark.parametrize("workers", [[], *in_campaign([["-n1"]])])
@pytest.mark.parametrize("hook", ["allow(difference)", *in_campaign(["fact(fact)"])])
def test_a_hook_that_raises_is_told_in_a_line(project, hook: str, workers: list[str]) -> None:
    pytester = project(DRIFTED)
    pytester.makeconftest(f"def pytest_schema_parity_{hook}:\n    return {{}}['zz']")
    result = pytester.runpytest_subprocess(*GATE, "-k", "applies or columns", *workers)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    name = hook.partition("(")[0]
    told = f"hook pytest_schema_parity_{name} raised KeyError: 'zz' (conftest.py:2)"
    result.stdout.fnmatch_lines([told])
    result.stdout.no_fnmatch_line("Traceback*")
    assert len(result.outlines) < 150
