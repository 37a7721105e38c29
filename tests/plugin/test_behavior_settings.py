"""The check ``behavior``: what it keeps, how much it tries, and wrong values of its settings."""

from __future__ import annotations

import json

import pytest
from support.kept import KEPT
from support.users import CHECK, REPORT, entries, of, users


def test_found_examples_are_tried_first_and_dropped_when_they_pass(project) -> None:
    pytester = of(project, users(bound=">= 0"))
    arguments = ("--schema-parity", CHECK, REPORT)
    pytester.runpytest_subprocess(*arguments).assert_outcomes(failed=1)
    before = entries(pytester)
    kept = pytester.path / ".pytest_cache/v/schema-parity/behavior/pyproject.toml/prisma/supabase"
    assert json.loads(kept.read_text())[0]["examples"] == before[0]["examples"]
    pytester.runpytest_subprocess(*arguments, "--schema-parity-examples=1").assert_outcomes(
        failed=1
    )
    assert entries(pytester) == before
    pytester.path.joinpath("supabase/migrations/20250101000000_init.sql").write_text(users())
    pytester.runpytest_subprocess(*arguments).assert_outcomes(passed=1)
    assert json.loads(kept.read_text()) == []


@pytest.mark.campaign
def test_what_was_found_as_a_role_is_dropped_when_roles_no_longer_names_it(project) -> None:
    role = "CREATE ROLE visitor; GRANT SELECT ON users TO visitor;\n"
    secret = "ALTER TABLE users ENABLE ROW LEVEL SECURITY;\n"
    pytester = of(project, users() + role + secret)
    pytester.path.joinpath("prisma/migrations/001_init.sql").write_text(users() + role)
    file = pytester.path / "pyproject.toml"
    without = file.read_text()
    file.write_text(
        without.replace("reference =", 'behavior = { roles = ["visitor"] }\nreference =')
    )
    pytester.runpytest_subprocess("--schema-parity", CHECK).assert_outcomes(failed=1)
    file.write_text(without)
    pytester.runpytest_subprocess("--schema-parity", CHECK).assert_outcomes(passed=1)
    kept = pytester.path / ".pytest_cache/v/schema-parity/behavior/pyproject.toml/prisma/supabase"
    assert json.loads(kept.read_text()) == []


@pytest.mark.campaign
@pytest.mark.parametrize("kept", KEPT)
def test_a_cache_that_holds_something_else_is_passed_over(project, kept: str) -> None:
    pytester = of(project, users(bound=">= 0"))
    file = pytester.path / ".pytest_cache/v/schema-parity/behavior/pyproject.toml/prisma/supabase"
    file.parent.mkdir(parents=True)
    file.write_text(kept)
    pytester.runpytest_subprocess("--schema-parity", CHECK).assert_outcomes(failed=1)


@pytest.mark.campaign
def test_it_works_without_a_cache(project) -> None:
    pytester = of(project, users(bound=">= 0"))
    arguments = ("--schema-parity", CHECK, "-p", "no:cacheprovider")
    pytester.runpytest_subprocess(*arguments).assert_outcomes(failed=1)
    assert not pytester.path.joinpath(".pytest_cache").exists()


def test_it_can_be_switched_off(project) -> None:
    pytester = of(project, users(bound=">= 0"))
    result = pytester.runpytest_subprocess(
        "--schema-parity", CHECK, "--schema-parity-examples=0", "-rs"
    )
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*no statements were tried: the check is switched off"])


@pytest.mark.campaign
def test_the_configuration_switches_it_off_and_an_option_on_again(project) -> None:
    pytester = of(project, users(bound=">= 0"))
    configuration = pytester.path / "pyproject.toml"
    text = configuration.read_text()
    configuration.write_text(text.replace("reference =", "behavior = false\nreference ="))
    pytester.runpytest_subprocess("--schema-parity", CHECK).assert_outcomes(skipped=1)
    pytester.runpytest_subprocess(
        "--schema-parity", CHECK, "--schema-parity-examples=5000"
    ).assert_outcomes(failed=1)


@pytest.mark.campaign
def test_a_budget_that_is_spent_is_said_with_what_was_not_reached(project) -> None:
    more = "".join(f"CREATE TABLE z{n} (id int PRIMARY KEY, n int);\n" for n in range(60))
    pytester = of(project, users() + more)
    pytester.path.joinpath("prisma/migrations/001_init.sql").write_text(users() + more)
    pytester.makeini("[pytest]\nschema_parity_examples = 100\n")
    result = pytester.runpytest_subprocess("--schema-parity", CHECK)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        ["*after * examples: raise `examples`; * tables only partly tested; not tested: public.z*"]
    )


@pytest.mark.campaign
def test_a_time_that_is_too_short_for_one_statement_is_said(project) -> None:
    pytester = of(project, users())
    result = pytester.runpytest_subprocess(
        "--schema-parity",
        CHECK,
        "--schema-parity-seconds=0.001",
        "-rs",
    )
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(
        ["*no statements were tried: the time limit was reached before the first*"]
    )


@pytest.mark.parametrize(
    ("argument", "told"),
    [
        ("--schema-parity-seed=x", "*--schema-parity-seed=x: has to be a whole number from 0 on"),
        ("--schema-parity-seed=-1", "*has to be a whole number*"),
        ("--schema-parity-examples=1.5", "*--schema-parity-examples=1.5: has to be a whole*"),
        ("--schema-parity-seconds=0", "*has to be a number of seconds above 0"),
        ("--schema-parity-seconds=nan", "*has to be a number of seconds above 0"),
    ],
)
def test_wrong_options(project, argument: str, told: str) -> None:
    result = of(project, users()).runpytest_subprocess("--schema-parity", CHECK, argument)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([told])


def test_a_wrong_ini_value_names_its_file(project) -> None:
    pytester = of(project, users())
    pytester.makeini("[pytest]\nschema_parity_seed = many\n")
    result = pytester.runpytest_subprocess("--schema-parity", "pyproject.toml")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*tox.ini: schema_parity_seed = many: has to be a whole number*"])


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("seed = -1", "*pyproject.toml:10: *.behavior[]] seed: has to be a whole number from 0*"),
        ("examples = true", "*pyproject.toml:10: *examples: has to be a whole number*"),
        ("seconds = '1'", "*pyproject.toml:10: *seconds: has to be a number of seconds above 0*"),
        ("sead = 1", "*pyproject.toml:10: *sead: unknown key; did you mean*seed*"),
    ],
)
def test_wrong_settings(project, table: str, told: str) -> None:
    extra = f"[tool.pytest-schema-parity.behavior]\n{table}\n"
    result = of(project, users(), extra=extra).runpytest_subprocess("--schema-parity", CHECK)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([told])


def test_a_wrong_value_of_the_whole_table(project) -> None:
    pytester = of(project, users())
    file = pytester.path / "pyproject.toml"
    file.write_text(file.read_text().replace("reference =", "behavior = 3\nreference ="))
    result = pytester.runpytest_subprocess("--schema-parity", CHECK)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*pyproject.toml:2: *behavior: a number instead of a table*"])
