"""Rehearsals as items beside the trees: what they find, in every report, and bad input."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from uuid import uuid4

import pytest

CONFIGURATION = """\
[tool.pytest-schema-parity]
reference = "main"

[tool.pytest-schema-parity.trees.main]
path = "main"

[tool.pytest-schema-parity.trees.deployed]
path = "deployed"

[tool.pytest-schema-parity.rehearsal]
from = "deployed"
steps = "upgrade"
to = "main"
seed = "seed.sql"
"""
FILES = {
    "pyproject.toml": CONFIGURATION,
    "main/001.sql": "CREATE TABLE users (id int PRIMARY KEY, name text, email text);\n"
    "CREATE INDEX users_name ON users (name);\n",
    "deployed/001.sql": "CREATE TABLE users (id int PRIMARY KEY, name text);\n",
    "seed.sql": "INSERT INTO users VALUES (1, 'Ada'), (2, NULL);\n",
    "upgrade/001_email.up.sql": "SET LOCAL lock_timeout = '1s';\n"
    "ALTER TABLE users ADD COLUMN IF NOT EXISTS email text;\n",
    "upgrade/001_email.down.sql": "ALTER TABLE users DROP COLUMN IF EXISTS email;\n",
    "upgrade/002_index.up.sql": "SET LOCAL lock_timeout = '1s';\n"
    "CREATE INDEX IF NOT EXISTS users_name ON users (name);\n",
    "upgrade/002_index.down.sql": "DROP INDEX IF EXISTS users_name;\n",
}
LENT = """
from types import SimpleNamespace
import pytest
from pytest_schema_parity.postgres.cluster import start_cluster
from pytest_schema_parity.postgres.installation import find_installation

@pytest.fixture(scope="session")
def lent():
    with start_cluster(find_installation(), name="tests lent") as c:
        yield SimpleNamespace(
            host=c.host, port=c.port, user=c.superuser, password="", options="", dbname="x"
        )
"""
CHECKS = ("upgrade", "data", "idempotent", "rollback", "interrupted", "backup", "locks")


def write(pytester: pytest.Pytester, **changed: str | None) -> pytest.Pytester:
    """Write the project; files by name, with ``__`` for ``/``; None leaves one out."""
    files: dict[str, str | None] = dict(FILES)
    files.update({name.replace("__", "/"): text for name, text in changed.items()})
    for name, text in files.items():
        if text is not None:
            path = pytester.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    return pytester


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return pytester.runpytest_subprocess("--schema-parity", *arguments)


def report_of(pytester: pytest.Pytester) -> dict[str, object]:
    found: dict[str, object] = json.loads((pytester.path / "report.json").read_text())
    return found


def test_it_is_collected_without_a_server(pytester: pytest.Pytester) -> None:
    result = run(write(pytester), "--collect-only", "-q")
    ids = [f"pyproject.toml::rehearsal::{check}" for check in CHECKS]
    expected = ["pyproject.toml::main::applies", "pyproject.toml::deployed::applies", *ids]
    assert [line for line in result.outlines if "::" in line] == expected


def test_a_good_upgrade_passes_every_check(pytester: pytest.Pytester) -> None:
    result = run(write(pytester), "--schema-parity-report=json:report.json")
    assert result.ret == 0, result.stdout.str()
    result.stdout.fnmatch_lines(
        [
            "schema-parity: not compared deployed: 1 file*",
            "schema-parity: rehearsal: 2 steps from deployed to main",
            "*rehearsal::locks: 1 note*",
            "*line 2: ACCESS EXCLUSIVE on public.users*",
        ]
    )
    report = report_of(pytester)
    assert report["verdict"] == "parity"
    checks = report["checks"]
    assert isinstance(checks, dict)
    assert set(checks["rehearsal"]) == set(CHECKS)
    locks = report["locks"]
    assert isinstance(locks, list)
    (locked,) = (row for row in locks if row["locks"] == {"public.users": "ACCESS EXCLUSIVE"})
    assert (locked["tree"], locked["step"], locked["line"]) == ("rehearsal", "001_email", 2)
    assert (locked["file"], locked["measured"]) == ("upgrade/001_email.up.sql", True)
    assert locked["milliseconds"] > 0
    assert [row["scanned"] for row in locks if row["scanned"]] == [["public.users"]]
    trees = report["trees"]
    assert isinstance(trees, dict)
    assert trees["rehearsal"]["files"] == ["upgrade/001_email.up.sql", "upgrade/002_index.up.sql"]


@pytest.mark.campaign
def test_one_check_alone(pytester: pytest.Pytester) -> None:
    run(write(pytester), "pyproject.toml::rehearsal::data").assert_outcomes(passed=1)


def test_what_workers_find_is_in_the_reports(pytester: pytest.Pytester) -> None:
    up = (
        "ALTER TABLE users ADD COLUMN email varchar;\nUPDATE users SET name = 'A' WHERE id = 1;\n"
        "INSERT INTO users VALUES (3, 'new', NULL);\n"
    )
    write(pytester, upgrade__001_email__up_sql=None)
    (pytester.path / "upgrade/001_email.up.sql").write_text(up)
    (pytester.path / "upgrade/001_email.down.sql").unlink()
    reports = ("--schema-parity-report=json:report.json", "--schema-parity-report=markdown:r.md")
    result = run(pytester, "-n2", *reports)
    result.assert_outcomes(failed=5, passed=4)
    result.stdout.fnmatch_lines_random(
        [
            "1 changed column type in rehearsal: public.users.email",
            "rehearsal: 001_email changes public.users.name in 1 row",
            "rehearsal: upgrade/001_email.up.sql is not idempotent: in a second run 1*",
            "rehearsal: upgrade/001_email.up.sql has no down file*",
            "rehearsal: upgrade/001_email.up.sql:1: waits without limit for*",
        ]
    )
    report = report_of(pytester)
    assert report["verdict"] == "drift"
    differences = report["differences"]
    assert isinstance(differences, list)
    assert [(each["tree"], each["name"], each["attribute"]) for each in differences] == [
        ("rehearsal", "public.users.email", "type")
    ]
    findings = report["findings"]
    assert isinstance(findings, list)
    assert {each["check"] for each in findings} == {"data", "idempotent", "rollback", "locks"}
    markdown = (pytester.path / "r.md").read_text()
    assert "value changed public.users.name (id = 1): Ada → A" in markdown


def test_a_change_that_is_allowed_and_an_allowance_that_is_stale(
    pytester: pytest.Pytester,
) -> None:
    allow = """
[[tool.pytest-schema-parity.allow]]
tree = "rehearsal"
kind = "data"
name = "public.users.name"
reason = "Nobody needs it"
"""
    write(pytester, **{"pyproject.toml": CONFIGURATION + allow})
    selected = ("-k", "rehearsal and (data or allowances)")
    result = run(pytester, *selected)
    result.assert_outcomes(failed=1, passed=1, deselected=8)
    result.stdout.fnmatch_lines(["1 allowance matches nothing in rehearsal: pyproject.toml:*"])
    up = "SET LOCAL lock_timeout = '1s';\nUPDATE users SET name = 'A' WHERE id = 1;\n"
    (pytester.path / "upgrade/003_name.up.sql").write_text(up)
    (pytester.path / "upgrade/003_name.down.sql").write_text(
        "UPDATE users SET name = 'Ada' WHERE id = 1;\n"
    )
    result = run(pytester, *selected)
    result.assert_outcomes(passed=2, deselected=8)
    result.stdout.fnmatch_lines(["*changes public.users.name in 1 row, allowed: Nobody needs it"])


def test_limits(pytester: pytest.Pytester) -> None:
    limits = 'max_lock = "SHARE"\nno_rewrite = true\n'
    write(pytester, **{"pyproject.toml": CONFIGURATION + limits})
    (pytester.path / "upgrade/003_type.up.sql").write_text(
        "SET LOCAL lock_timeout = '1s';\nALTER TABLE users ALTER id TYPE bigint;\n"
    )
    result = run(pytester, "-k", "locks")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "upgrade/001_email.up.sql:2: takes ACCESS EXCLUSIVE on public.users; max_lock is SHARE",
            "upgrade/003_type.up.sql:2: takes ACCESS EXCLUSIVE on public.users; max_lock is SHARE",
            "upgrade/003_type.up.sql:2: rewrites public.users, which no_rewrite forbids",
        ]
    )
    result.stdout.no_fnmatch_line("*002_index*beyond*")


@pytest.mark.campaign
def test_two_rehearsals(pytester: pytest.Pytester) -> None:
    other = CONFIGURATION[CONFIGURATION.index("[tool.pytest-schema-parity.rehearsal]") :]
    both = CONFIGURATION + other.replace("\n", '\nname = "again"\n', 1)
    both = both.replace(
        "[tool.pytest-schema-parity.rehearsal]", "[[tool.pytest-schema-parity.rehearsal]]"
    )
    result = run(write(pytester, **{"pyproject.toml": both}), "-k", "applies or upgrade or data")
    result.assert_outcomes(passed=6, deselected=10)
    result.stdout.fnmatch_lines(["*main  deployed  rehearsal  rehearsal-again*"])


@pytest.mark.campaign
def test_without_pg_dump_the_backup_is_skipped(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No pg_dump is newer than a server that says it is of version 99."""
    write(pytester)
    pytester.makeconftest(
        "from pytest_schema_parity.building import Trees\nTrees.major = property(lambda self: 99)\n"
    )
    monkeypatch.setenv("PYTEST_ADDOPTS", os.environ.get("PYTEST_ADDOPTS", ""))
    result = run(
        pytester, "-rs", "-k", "upgrade or backup", "--schema-parity-report=json:report.json"
    )
    result.assert_outcomes(passed=1, skipped=1, deselected=7)
    result.stdout.fnmatch_lines(["SKIPPED*pg_dump of PostgreSQL 99 or newer was not found*"])
    assert report_of(pytester)["verdict"] == "parity"


@dataclass(frozen=True)
class Bad:
    """A rehearsal that is wrong in one way, and what a check of it says."""

    said: str
    check: str = "upgrade"
    steps: dict[str, str | None] = field(default_factory=dict)
    source: str = "deployed"
    goal: str = "main"
    seed: str = "seed.sql"

    def written(self, name: str) -> dict[str, str | None]:
        """Its steps, below a directory of its name."""
        steps = {file: text for file, text in FILES.items() if file.startswith("upgrade/")}
        return {f"{name}/{file}": text for file, text in {**steps, **self.steps}.items()}

    def configuration(self, name: str) -> str:
        return f"""
            [[tool.pytest-schema-parity.rehearsal]]
            name = "{name}"
            from = "{self.source}"
            steps = "{name}/upgrade"
            to = "{self.goal}"
            seed = "{self.seed}"
        """


FAILS: dict[str, str | None] = {
    "upgrade/002_index.up.sql": "CREATE INDEX users_name ON user_s (name);\n"
}
BAD = {
    "a-step-that-fails": Bad(
        '*fails/upgrade/002_index.up.sql:1:*relation "user_s" does not exist (42P01)*', steps=FAILS
    ),
    "not-reached-after-it": Bad(
        "not checked: 002_index, because 002_index fails; see `upgrade` (*user_s*",
        check="data",
        steps=FAILS,
    ),
    "steps-out-of-order": Bad(
        '*order/upgrade/001_email.up.sql:1:*column "email" does not exist (42703)*',
        steps={
            "upgrade/001_email.up.sql": "CREATE INDEX IF NOT EXISTS users_email ON users (email);",
            "upgrade/002_index.up.sql": "ALTER TABLE users ADD COLUMN email text;",
        },
    ),
    "from-that-does-not-apply": Bad(
        "not rehearsed: broken cannot be applied without errors; see its check `applies` (*texts*",
        source="broken",
    ),
    "to-that-is-not-reached": Bad("missing table public.late*", goal="later"),
    "a-seed-that-does-not-fit": Bad(
        'bad.sql:2:*column "mail" of relation "users" does not exist*', seed="bad.sql"
    ),
    "a-missing-down-file": Bad(
        "a-missing-down-file/upgrade/001_email.up.sql has no down file, so it cannot be rolled"
        " back",
        check="rollback",
        steps={"upgrade/001_email.down.sql": None},
    ),
}
"""Rehearsals of one run, by name."""
OTHER_TREES = """
    [tool.pytest-schema-parity.trees.later]
    path = "later"

    [tool.pytest-schema-parity.trees.broken]
    path = "broken"
"""


def test_each_bad_input_is_one_clear_finding(pytester: pytest.Pytester) -> None:
    head = CONFIGURATION[: CONFIGURATION.index("[tool.pytest-schema-parity.rehearsal]")]
    tables = [OTHER_TREES, *(bad.configuration(name) for name, bad in BAD.items())]
    files: dict[str, str | None] = {
        "pyproject.toml": head + "".join(map(dedent, tables)),
        "later/001.sql": f"{FILES['main/001.sql']}CREATE TABLE late (id int);\n",
        "broken/001.sql": "CREATE TABLE users (id int PRIMARY KEY, name texts);\n",
        "bad.sql": "SELECT 1;\nINSERT INTO users (id, mail) VALUES (1, 'x');\n",
    }
    for name, bad in BAD.items():
        files |= bad.written(name)
    ids = [f"pyproject.toml::rehearsal-{name}::{bad.check}" for name, bad in BAD.items()]
    result = run(write(pytester, **files), *ids)
    result.assert_outcomes(failed=len(BAD))
    sections = re.split(r"^_+ .*rehearsal-(\S+)::\w+ _+$", result.stdout.str(), flags=re.MULTILINE)
    shown = dict(zip(sections[1::2], sections[2::2], strict=True))
    for name, bad in BAD.items():
        pytest.LineMatcher(shown[name].splitlines()).fnmatch_lines([bad.said])


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"pyproject.toml": CONFIGURATION.replace('"upgrade"', '"upgrades"')},
            "*pyproject.toml:*.rehearsal] steps: *upgrades is not a directory with the steps*",
        ),
        (
            {"upgrade/1_other.up.sql": "SELECT 1;\n"},
            "*pyproject.toml:*.rehearsal] steps: *have the same number; renumber one*",
        ),
        (
            {"upgrade/001_email.up.sql": None},
            "*pyproject.toml:*.rehearsal] steps: *001_email.down.sql is a down file without an up*",
        ),
    ],
)
def test_steps_that_cannot_be_used_are_a_usage_error(
    pytester: pytest.Pytester, changed: dict[str, str | None], said: str
) -> None:
    result = run(write(pytester, **changed))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([said])


def test_on_the_server_of_a_fixture(pytester: pytest.Pytester) -> None:
    write(
        pytester,
        **{
            "pyproject.toml": CONFIGURATION.replace(
                'reference = "main"', 'reference = "main"\nserver = "lent"'
            )
        },
    )
    pytester.makeconftest(LENT)
    result = run(pytester, "-k", "applies or upgrade or interrupted")
    result.assert_outcomes(passed=4, deselected=5)
    result.stdout.fnmatch_lines(["*crash recovery was not tested: this plugin did not start*"])


@pytest.mark.campaign
def test_roles_on_the_server_of_a_fixture(pytester: pytest.Pytester) -> None:
    """The tree that is deployed is built twice there: a role that it makes is there already."""
    lent = 'reference = "main"\nserver = "lent"'
    files: dict[str, str | None] = {
        "pyproject.toml": CONFIGURATION.replace('reference = "main"', lent),
        "deployed/001.sql": f"{FILES['deployed/001.sql']}CREATE ROLE made_twice;\n",
    }
    write(pytester, **files)
    pytester.makeconftest(LENT)
    result = run(pytester, "-k", "applies or upgrade")
    result.assert_outcomes(passed=2, failed=1, deselected=6)
    result.stdout.fnmatch_lines(
        ["not rehearsed: deployed *or it creates roles, but is built twice*42710*"]
    )


SERVERS_END = """
from pathlib import Path
import pytest
from pytest_schema_parity.errors import SchemaParityError

def servers():
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = file.read_bytes()
        except OSError:
            continue
        if b"unlike_others" in command and b"postgres" in command:
            found.append(command)
    return found

GIVEN = dict(name="unlike_others", source="main", steps="upgrade")

def test_one(schema_parity):
    for _ in range(2):
        with schema_parity.rehearse(**GIVEN) as rehearsal:
            assert all(rehearsal.upgrade())
            assert servers()
        assert not servers()

def test_one_that_is_not_ready(schema_parity):
    with pytest.raises(SchemaParityError, match="nowhere"):
        schema_parity.rehearse(**GIVEN, seed=["bad.sql"]).__enter__()
    assert not servers()
"""


def test_rehearsals_in_peoples_own_tests(pytester: pytest.Pytester) -> None:
    """Their servers end with them, also where the seed fails, and while the session goes on."""
    write(pytester, **{"bad.sql": "INSERT INTO nowhere VALUES (1);"})
    pytester.makepyfile(
        test_servers=SERVERS_END,
        test_rehearsals="""
        import psycopg
        import pytest
        from pytest_schema_parity.errors import SchemaParityError, TreeError

        def test_a_configured_one(schema_parity):
            with schema_parity.rehearse() as rehearsal:
                assert all(rehearsal.upgrade())
                assert all(rehearsal.again())
                assert all(rehearsal.back())
                assert rehearsal.schema().get(("column", "public.users.email"))
                with psycopg.connect(rehearsal.conninfo) as connection:
                    rows = connection.execute("SELECT name, email FROM users ORDER BY id")
                    assert rows.fetchall() == [("Ada", None), (None, None)]

        def test_another_one(schema_parity):
            with schema_parity.rehearse(source="main", steps="upgrade") as rehearsal:
                assert all(rehearsal.upgrade())

        def test_mistakes(schema_parity):
            with pytest.raises(KeyError, match="there is no rehearsal 'x'; configured are: rehea"):
                schema_parity.rehearse("x").__enter__()
            with pytest.raises(KeyError, match="the trees are main, deployed"):
                schema_parity.rehearse(source="mian", steps="upgrade").__enter__()
            with pytest.raises(TypeError, match="both a source and steps"):
                schema_parity.rehearse(source="main").__enter__()
            with pytest.raises(TreeError, match="not a directory"):
                schema_parity.rehearse(source="main", steps="up").__enter__()
            seed = ["deployed/001.sql"]
            wrong = schema_parity.rehearse(source="main", steps="upgrade", seed=seed)
            with pytest.raises(SchemaParityError, match="already exists"):
                wrong.__enter__()
        """,
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=5)


@pytest.mark.campaign
def test_an_allowance_is_about_one_check(pytester: pytest.Pytester) -> None:
    """A step that cannot be run twice, and has no down file; one of both is accepted."""
    allow = """
[[tool.pytest-schema-parity.allow]]
tree = "rehearsal"
kind = "step"
name = "001_email"
attribute = "idempotent"
reason = "It is run once"
"""
    up = "SET LOCAL lock_timeout = '1s';\nALTER TABLE users ADD COLUMN email text;\n"
    files: dict[str, str | None] = {
        "pyproject.toml": CONFIGURATION + allow,
        "upgrade/001_email.up.sql": up,
        "upgrade/001_email.down.sql": None,
    }
    result = run(write(pytester, **files), "-k", "rehearsal and (idempotent or rollback)")
    result.assert_outcomes(passed=1, failed=1, deselected=8)
    result.stdout.fnmatch_lines(["rehearsal: upgrade/001_email.up.sql has no down file*"])


@pytest.mark.campaign
def test_nothing_is_left_of_a_run_that_is_killed(pytester: pytest.Pytester) -> None:
    name = f"left{uuid4().hex[:8]}"
    named = CONFIGURATION.replace('seed = "seed.sql"', f'seed = "seed.sql"\nname = "{name}"')
    write(pytester, **{"pyproject.toml": named})
    process = pytester.popen([sys.executable, "-m", "pytest", "--schema-parity", "-k", name])
    try:
        assert within(20.0, lambda: bool(_servers(name)))
    finally:
        process.kill()
        process.wait()
    assert within(10.0, lambda: not _servers(name))


def within(seconds: float, holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.02)
    return holds()


def _servers(name: str) -> list[str]:
    """The processes of servers whose title has a name in it."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            command = file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if name in command and "postgres" in command and "pytest" not in command:
                found.append(command)
    return found
