"""Bad input gets one clear message, and leaves nothing behind."""

from __future__ import annotations

import shutil
import subprocess
import textwrap
from pathlib import Path

import pytest
from support.campaign import in_campaign

CONFIGURATION = """\
[tool.pytest-schema-parity]
reference = "prisma"

[tool.pytest-schema-parity.trees.prisma]
path = "prisma/migrations"

[tool.pytest-schema-parity.trees.supabase]
path = "supabase/migrations"
"""
TREE = """
[tool.pytest-schema-parity.trees.{name}]
path = "{path}"
"""


def usage_error(result: pytest.RunResult, *patterns: str) -> None:
    """The run ended as a usage error with these lines, and no traceback."""
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(list(patterns))
    assert "Traceback" not in result.stderr.str()
    assert "Traceback" not in result.stdout.str()


def test_a_missing_tree_is_named_with_its_neighbour(project) -> None:
    pytester = project()
    shutil.move(pytester.path / "supabase", pytester.path / "supabase2")
    pytester.path.joinpath("supabase").mkdir()
    pytester.path.joinpath("supabase/migration").mkdir()
    result = pytester.runpytest_subprocess("--schema-parity", "pyproject.toml")
    usage_error(
        result,
        "*pyproject.toml:8: [[]tool.pytest-schema-parity.trees.supabase] path: *supabase/migrat"
        "ions does not exist: did you mean migration?*",
    )


def test_an_empty_tree_is_named_with_what_was_looked_for(project) -> None:
    pytester = project()
    pytester.path.joinpath("supabase/migrations/20250101000000_init.sql").unlink()
    result = pytester.runpytest_subprocess("--schema-parity", "pyproject.toml")
    usage_error(result, "*pyproject.toml:8: *supabase] path: *contains no migrations*Looked for*")


def test_two_trees_of_one_name(project) -> None:
    pytester = project()
    twice = pytester.path / "schema-parity.toml"
    twice.write_text(CONFIGURATION + TREE.format(name="prisma", path="x"))
    result = pytester.runpytest_subprocess("--schema-parity", f"--schema-parity-config={twice}")
    usage_error(result, '*schema-parity.toml:10*two trees are named "prisma"*')


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ('layout = "prizma"', "*prizma*did you mean*prisma*"),
        ('layuot = "prisma"', '*pyproject.toml:*layuot*did you mean "layout"?*'),
        ('platform = "supabse"', "*supabse*did you mean*supabase*"),
    ],
)
def test_a_slip_is_answered_with_what_was_meant(project, wrong, message) -> None:
    usage_error(project(extra=wrong + "\n").runpytest_subprocess("--schema-parity"), message)


def test_a_bindir_without_a_server(project) -> None:
    result = project().runpytest_subprocess("--schema-parity", "--schema-parity-bindir=/nowhere")
    usage_error(result, "*No PostgreSQL server was found*", "*/nowhere*", "*embedded*")


def test_an_unknown_kind_of_report(project) -> None:
    result = project().runpytest_subprocess("--schema-parity", "--schema-parity-report=jsn:x")
    usage_error(result, '*"jsn"*did you mean "json"?*')


@pytest.mark.campaign
def test_an_unterminated_quote_is_a_finding_with_its_place(project) -> None:
    pytester = project()
    broken = pytester.path / "supabase/migrations/20250102000000_quote.sql"
    broken.write_text("SELECT 1;\nSELECT 'never closed;\n")
    result = pytester.runpytest_subprocess("--schema-parity", "pyproject.toml", "-k", "applies")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*20250102000000_quote.sql:2:8: *"])


@pytest.mark.campaign
def test_a_migration_that_fails_leaves_nothing_of_itself(project) -> None:
    """Neither what came before the statement, nor what comes after it; the next file is tried."""
    pytester = project()
    for day, line in ((2, 1), (3, 3)):
        statements = [f"CREATE TABLE made_by_{day} (id int);"] * 3
        statements[line - 1] = f"SELECT no_such_function_{day}();"
        file = pytester.path / f"supabase/migrations/2025010{day}000000_fails.sql"
        file.write_text("\n".join(statements).replace("TABLE", "TABLE IF NOT EXISTS"))
    result = pytester.runpytest_subprocess("--schema-parity", "pyproject.toml")
    result.stdout.fnmatch_lines(
        [
            "*20250102000000_fails.sql:1:*no_such_function_2*42883*",
            "*20250103000000_fails.sql:3:*no_such_function_3*42883*",
        ]
    )
    result.stdout.no_fnmatch_line("*made_by_*")
    result.assert_outcomes(passed=17, failed=1)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("supabas::rows", '*no tree or rehearsal "supabas"; did you mean "supabase"?'),
        ("supabase::row", '*supabase has no check "row"; did you mean "rows"?'),
        ("prisma::rows", '*prisma has no check "rows"; it can be "applies"'),
    ],
)
def test_a_mistyped_id_is_answered_with_what_was_meant(project, name: str, said: str) -> None:
    pytester = project()
    result = pytester.runpytest_subprocess("--schema-parity", f"pyproject.toml::{name}")
    usage_error(result, f"*pyproject.toml::{name}: {said}")


def test_a_stale_allowance_is_answered_with_the_qualified_name(project) -> None:
    candidate = """\
        CREATE TABLE users (id text PRIMARY KEY, email text NOT NULL, kajabi_contact_id int);
        CREATE VIEW active_users AS
        SELECT id, email FROM users WHERE kajabi_contact_id IS NOT NULL;
    """
    allowance = '[[tool.pytest-schema-parity.allow]]\nreason = "agreed"\n'
    names = ("kajabi_contact_id", "public.users.kajabi_contact", "nothing_like_it")
    extra = "".join(f'{allowance}name = "{name}"\n' for name in names)
    result = project(candidate, extra=extra).runpytest_subprocess(
        "--schema-parity", "-vv", "-k", "not behavior"
    )
    meant = 'matches no difference; did you mean "public.users.kajabi_contact_id"?'
    result.stdout.fnmatch_lines(
        [f"*stale: {meant}", f"*stale: {meant}", "*stale: matches no difference; remove it"]
    )


def test_an_allowance_lets_its_difference_pass_until_its_day(project) -> None:
    extra = "CREATE TABLE extra_table (id int);"
    rule = '[[tool.pytest-schema-parity.allow]]\nname = "public.extra_table"\nreason = "is so"\n'
    pytester = project(extra=rule)
    pytester.path.joinpath("supabase/migrations/20250102000000_extra.sql").write_text(extra)
    arguments = ("--schema-parity", "pyproject.toml", "-k", "tables or allowances")
    result = pytester.runpytest_subprocess(*arguments)
    result.assert_outcomes(passed=2, deselected=16)
    result.stdout.fnmatch_lines(["*1 allowed*"])
    configuration = pytester.path / "pyproject.toml"
    configuration.write_text(configuration.read_text() + "until = 2020-01-31\n")
    result = pytester.runpytest_subprocess(*arguments)
    result.assert_outcomes(failed=2, deselected=16)
    result.stdout.fnmatch_lines(["*expired*2020-01-31*"])


@pytest.mark.campaign
def test_rows_that_differ_may_be_allowed(project) -> None:
    view = "CREATE VIEW answer AS SELECT {} AS answer;\n"
    rules = """
        [[tool.pytest-schema-parity.allow]]
        kind = "view"
        name = "public.answer"
        reason = "it is another question"

        [[tool.pytest-schema-parity.allow]]
        kind = "rows"
        name = "public.answer"
        reason = "and another answer"

        [[tool.pytest-schema-parity.allow]]
        kind = "behavior"
        name = "public.answer"
        reason = "with data or without"
    """
    pytester = project(extra=textwrap.dedent(rules))
    for path, value in (
        ("prisma/migrations/002_answer.sql", 42),
        ("supabase/migrations/20250103000000_a.sql", 43),
    ):
        pytester.path.joinpath(path).write_text(view.format(value))
    arguments = ("--schema-parity", "-k", "views or rows or behavior or allowances")
    result = pytester.runpytest_subprocess(*arguments)
    result.assert_outcomes(passed=4, failed=0, deselected=14)
    result.stdout.fnmatch_lines(
        ["*the rows of public.answer differ: *, allowed: and another answer"]
    )
    pytester.path.joinpath("supabase/migrations/20250103000000_a.sql").write_text(view.format(42))
    result = pytester.runpytest_subprocess(*arguments)
    result.assert_outcomes(passed=3, failed=1, deselected=14)
    result.stdout.fnmatch_lines(["*3 allowances match nothing in supabase*"])


@pytest.mark.parametrize("how", ["is interrupted", *in_campaign(["passes", "fails"])])
def test_nothing_is_left_behind(project, how) -> None:
    pytester = project()
    pytester.makeconftest(
        f"""
        from pathlib import Path

        def note(tree):
            directory = tree.target.host.data_directory.parent
            assert directory.is_dir()
            Path({str(pytester.path)!r}, "directory").write_text(str(directory))
            if {how!r} == "fails":
                raise RuntimeError("on purpose")
            if {how!r} == "is interrupted":
                raise KeyboardInterrupt

        def pytest_schema_parity_checks():
            return {{"note": note}}
        """
    )
    pytester.runpytest_subprocess("--schema-parity", "pyproject.toml", "-k", "note")
    directory = pytester.path.joinpath("directory").read_text()
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    assert directory not in running.stdout
    assert not Path(directory).exists()


def test_a_check_that_cannot_be_called_with_a_tree(project) -> None:
    pytester = project()
    pytester.makeconftest(
        """
        def pytest_schema_parity_checks():
            return {"two": lambda tree, more: None}
        """
    )
    result = pytester.runpytest_subprocess("--schema-parity", "pyproject.toml")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["*the check 'two' cannot be called with one built tree: missing a required argument: *"]
    )


def test_the_remedy_names_the_table_as_the_file_has_it(project) -> None:
    pytester = project("CREATE TABLE other ();")
    own = pytester.path.joinpath("pyproject.toml").rename(pytester.path / "schema-parity.toml")
    own.write_text(own.read_text().replace("[tool.pytest-schema-parity]", "").replace(
        "[tool.pytest-schema-parity.", "["
    ))  # fmt: skip
    result = pytester.runpytest_subprocess("--schema-parity", "schema-parity.toml", "-k", "tables")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*with a reason, under [[][[]allow[]][]]."])
