"""The examples in Python of the README and of docs/ do what their pages say."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest
from support.documents import PAGES, README, ROOT, block, blocks

GATE = ("--schema-parity", "pyproject.toml")
TESTS_OF_ONES_OWN = "docs/in-your-own-tests.md"
HOOKS = "docs/hooks.md"
SERVERS = "docs/servers-that-others-start.md"
COMPARING = "docs/comparing-in-python.md"
A_CHECK = "docs/writing-a-check.md"
REHEARSAL = "docs/rehearsal.md"
EXTENSIONS = "docs/extensions.md"
EXAMPLES = {
    README: 1,
    TESTS_OF_ONES_OWN: 2,
    HOOKS: 2,
    SERVERS: 1,
    COMPARING: 1,
    A_CHECK: 2,
    REHEARSAL: 1,
    EXTENSIONS: 1,
}
"""How many examples in Python each page has: each is carried out by a test of this module."""

DRIFTED = """\
CREATE TABLE users (id text PRIMARY KEY, email text NOT NULL, kajabi_contact_id text);
CREATE UNIQUE INDEX users_email_key ON users (email) WITH (fillfactor = 70);
CREATE INDEX one_more ON users (kajabi_contact_id);
CREATE TABLE _scratch (id integer PRIMARY KEY);
CREATE VIEW active_users AS
SELECT id, email FROM users WHERE kajabi_contact_id IS NOT NULL;
"""


@pytest.fixture
def absent() -> tuple[str, ...]:
    """Nothing that is installed: some examples are about pytest-postgresql."""
    return ()


def test_every_example_is_carried_out() -> None:
    assert {page: len(blocks(page, "python")) for page in PAGES if blocks(page, "python")} == (
        EXAMPLES
    )


@pytest.mark.campaign
def test_a_rehearsal_of_ones_own(pytester: pytest.Pytester) -> None:
    test = pytester.makepyfile(test_it=block(REHEARSAL, "python", "def test_"))
    configuration = ROOT / "sql" / "upgrade.toml"
    result = pytester.runpytest_subprocess(test, f"--schema-parity-config={configuration}")
    result.assert_outcomes(passed=1)


@pytest.mark.campaign
def test_tests_of_ones_own(pytester: pytest.Pytester) -> None:
    tests = {
        "readme": block(README, "python", "def test_"),
        "fixtures": block(TESTS_OF_ONES_OWN, "python", "import psycopg"),
        "rows": block(TESTS_OF_ONES_OWN, "python", "import given"),
    }
    pytester.path.joinpath("sql").symlink_to(ROOT / "sql")
    pytester.path.joinpath("pyproject.toml").write_text(ROOT.joinpath("pyproject.toml").read_text())
    pytester.mkdir("tests")
    for name, text in tests.items():
        pytester.path.joinpath("tests", f"test_{name}.py").write_text(text)
    result = pytester.runpytest_subprocess("tests", "-p", "pytester")
    result.assert_outcomes(passed=sum(text.count("def test_") for text in tests.values()))


@pytest.mark.campaign
def test_the_hooks(project) -> None:
    """The hooks accept all that differs, and the tree that they add; without them both fail."""
    pytester = project(DRIFTED)
    result = pytester.runpytest_subprocess(*GATE)
    assert result.parseoutcomes()["failed"] == 2, result.stdout.str()
    orm = 'def write_schema_of_the_orm():\n    return "supabase/migrations"\n'
    pytester.makeconftest(orm + block(HOOKS, "python", "pytest_schema_parity_fact"))
    pytester.path.joinpath("pyproject.toml").write_text(
        '[tool.pytest-schema-parity]\nreference = "prisma"\n'
        '[tool.pytest-schema-parity.trees.prisma]\npath = "prisma/migrations"\n'
    )
    report = "--schema-parity-report=json:report.json"
    result = pytester.runpytest_subprocess(*GATE, report)
    assert result.ret == pytest.ExitCode.OK, result.stdout.str()
    (difference,) = json.loads(pytester.path.joinpath("report.json").read_text())["differences"]
    assert difference["tree"] == "orm"
    assert difference["name"] == "public.one_more"
    assert difference["allowed"] == "an index more does no harm"


@pytest.mark.campaign
def test_a_check_of_ones_own(project) -> None:
    pytester = project()
    rule = 'def every_table_has_a_primary_key(tree):\n    assert tree.name == "supabase"\n'
    pytester.makeconftest(rule + block(HOOKS, "python", "pytest_schema_parity_checks"))
    result = pytester.runpytest_subprocess(*GATE, "-v", "-k", "primary-keys")
    assert result.parseoutcomes()["passed"] == 1
    result.stdout.fnmatch_lines(["pyproject.toml::supabase::primary-keys PASSED*"])


@pytest.mark.campaign
def test_jobs_are_compared_by_a_view_and_by_a_check_of_ones_own(pytester: pytest.Pytester) -> None:
    trees = {"prisma": "0 3 * * *", "supabase": "0 4 * * *"}
    configuration = '[tool.pytest-schema-parity]\nreference = "prisma"\nplatform = "supabase"\n'
    for tree, schedule in trees.items():
        configuration += f'trees.{tree}.files = ["{tree}.sql", "jobs.sql"]\n'
        pytester.path.joinpath(f"{tree}.sql").write_text(
            "CREATE EXTENSION pg_cron WITH SCHEMA pg_catalog;\n"
            f"SELECT cron.schedule('purge', '{schedule}', 'select 1');\n"
        )
    pytester.path.joinpath("jobs.sql").write_text(block(EXTENSIONS, "sql", "cron.job"))
    pytester.path.joinpath("pyproject.toml").write_text(configuration)
    pytester.makeconftest(block(EXTENSIONS, "python", "cron.job"))
    result = pytester.runpytest_subprocess(*GATE)
    assert result.parseoutcomes()["failed"] == 2, result.stdout.str()
    result.stdout.fnmatch_lines(
        ["*pyproject.toml::supabase::rows *", "*pyproject.toml::supabase::jobs *"]
    )
    assert block(EXTENSIONS, "text", "rows of public.scheduled_jobs") in result.stdout.str()


@pytest.mark.campaign
def test_a_built_tree_behind_pytest_postgresql(project) -> None:
    pytest.importorskip("pytest_postgresql", reason="the example is about it")
    pytester = project()
    pytester.makeconftest(block(SERVERS, "python", "schema_parity_proc"))
    pytester.makepyfile(
        "def test_it(supabase): assert not supabase.execute('TABLE active_users').fetchall()"
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_comparing_in_python(project) -> None:
    example = block(COMPARING, "python", "read_schema")
    for side, tree in (("a", "prisma"), ("b", "supabase")):
        conninfo = f'"postgresql://localhost/{side}"'
        assert conninfo in example
        example = example.replace(conninfo, f'schema_parity["{tree}"].conninfo')
    indented = "".join(f"    {line}\n" for line in example.splitlines())
    pytester = project("CREATE TABLE users (id text PRIMARY KEY);")
    pytester.makepyfile(f"def test_it(schema_parity):\n{indented}")
    result = pytester.runpytest_subprocess("-s")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*missing column public.users.email Origins(*"])


def patched(root: Path, diff: str) -> None:
    """Carry out a diff of one file below a directory, whose hunks have no line numbers."""
    head, *hunks = diff.split("@@\n")
    (name,) = re.findall(r"^\+\+\+ b/(.*)$", head, re.MULTILINE)
    text = (root / name).read_text()
    for hunk in hunks:
        lines = hunk.splitlines(keepends=True)
        old = "".join(line[1:] for line in lines if line[0] in " -")
        assert text.count(old) == 1, f"{name} has not just once:\n{old}"
        text = text.replace(old, "".join(line[1:] for line in lines if line[0] in " +"))
    (root / name).write_text(text)


@pytest.mark.campaign
def test_a_check_and_a_report_format_are_one_file_and_one_line_each(
    project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Added to a copy of the package as the page says, they show up in every report."""
    root = tmp_path / "copy"
    hidden = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "pytest_schema_parity", root / "pytest_schema_parity", ignore=hidden)
    package = root / "pytest_schema_parity"
    for file, word in (
        ("checks/row_level_security.py", "CHECK: Final"),
        ("report/csv_report.py", "OPENING: Final"),
    ):
        (package / file).write_text(block(A_CHECK, "python", word))
    for diff in blocks(A_CHECK, "diff"):
        patched(root, diff)
    pytester = project()
    monkeypatch.setenv("PYTHONPATH", os.fspath(root))
    kinds = ("json", "markdown", "csv")
    reports = [f"--schema-parity-report={kind}:report.{kind}" for kind in kinds]
    only = ("-k", "applies or row-level-security", "--junit-xml=report.junit")
    result = pytester.runpytest_subprocess(*GATE, *reports, *only)
    assert result.parseoutcomes()["failed"] == 1, result.stdout.str()
    title = "public.users has no row level security"
    result.stdout.fnmatch_lines(
        [title, "*Add the statements in a new migration.", "row-level-security *✗ 1"]
    )
    written = {kind: pytester.path.joinpath(f"report.{kind}").read_text() for kind in kinds}
    (finding,) = json.loads(written["json"])["findings"]
    assert (finding["check"], finding["title"]) == ("row-level-security", title)
    assert title in written["markdown"]
    assert written["csv"] == f"tree,check,title\nsupabase,row-level-security,{title}\n"
    assert title in pytester.path.joinpath("report.junit").read_text()
