"""Trees on a server of the project's own, as pytest-postgresql's fixtures tell of it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import psycopg
import pytest

from pytest_schema_parity.postgres.cluster import Cluster, start_cluster
from pytest_schema_parity.postgres.installation import Installation

pytest.importorskip("pytest_postgresql", reason="what these tests are about is not installed")


@pytest.fixture
def absent() -> tuple[str, ...]:
    """Nothing that is installed."""
    return ()


CONFIGURATION = """\
[tool.pytest-schema-parity]
reference = "prisma"
server = "postgresql_noproc"

[tool.pytest-schema-parity.trees.prisma]
path = "prisma/migrations"

[tool.pytest-schema-parity.trees.supabase]
path = "supabase/migrations"
"""
DRIFTED = """\
CREATE TABLE users (id text PRIMARY KEY, email text NOT NULL);
CREATE VIEW active_users AS SELECT id, email FROM users;
DO $$BEGIN CREATE ROLE "of this tree"; EXCEPTION WHEN duplicate_object THEN END$$;
GRANT SELECT ON users TO "of this tree";
"""
COLUMNS = ("pyproject.toml", "-k", "columns")
OWN_TESTS = """
def test_fixtures(schema_parity, schema_parity_database):
    with schema_parity_database["prisma"].connect() as connection:
        connection.execute("INSERT INTO users (id, email) VALUES ('1', 'a@b')")
        connection.commit()
    with schema_parity["prisma"].connect() as connection:
        assert connection.execute("SELECT count(*) FROM users").fetchone() == (0,)
    assert schema_parity["supabase"].schema.tables
"""
SQL = "SELECT datname FROM pg_database WHERE datname NOT IN ('template0', 'template1')"


class Lent:
    """A server of somebody else's, with a database that nobody may touch."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.execute("CREATE ROLE owner SUPERUSER LOGIN PASSWORD 'not to be shown'")
        self.execute("CREATE DATABASE schema_parity_of_theirs")

    def execute(self, statement: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.cluster.conninfo(), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    @property
    def databases(self) -> set[object]:
        """All but those that pytest-postgresql makes for itself, and may leave behind."""
        return {name for (name,) in self.execute(SQL) if not str(name).endswith("_tmpl")}

    def options(self, user: str = "owner", *, dbname: str = "tests") -> list[str]:
        given = {
            "host": self.cluster.socket_directory,
            "port": self.cluster.port,
            "user": user,
            "dbname": dbname,  # of a template that pytest-postgresql makes
        }
        return [f"--postgresql-{name}={value}" for name, value in given.items()]


THEIRS = {"postgres", "schema_parity_of_theirs"}


@pytest.fixture(scope="module")
def lent(installation: Installation) -> Iterator[Lent]:
    with start_cluster(installation, name="lent") as cluster:
        yield Lent(cluster)


@pytest.mark.parametrize("workers", [pytest.param([], marks=pytest.mark.campaign), ["-n2"]])
def test_the_gate_runs_there(project, lent: Lent, workers: list[str]) -> None:
    """And no cluster of ours is started."""
    pytester = project(DRIFTED, configuration=CONFIGURATION)
    pytester.makeconftest(
        """
        from pytest_schema_parity.building import targets, trees

        def refuse(*args, **kwargs):
            raise RuntimeError("not wanted")

        targets.start_cluster = trees.find_installation = refuse
        """
    )
    report = "--schema-parity-report=json:report.json"
    result = pytester.runpytest_subprocess(
        "--schema-parity", *COLUMNS, report, *lent.options(), *workers
    )
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "schema-parity: the server of the fixture postgresql_noproc",
            "*public.users.kajabi_contact_id*",
            "*prisma/migrations/001_init.sql:1",
            "FAILED pyproject.toml::supabase::columns - 1 missing column*",
        ]
    )
    assert (
        '"from": "fixture postgresql_noproc"' in pytester.path.joinpath("report.json").read_text()
    )
    assert lent.databases == THEIRS
    lent.execute('DROP ROLE IF EXISTS "of this tree"')


def test_fixtures_use_it(project, lent: Lent) -> None:
    pytester = project(configuration=CONFIGURATION)
    pytester.makepyfile(OWN_TESTS)
    result = pytester.runpytest_subprocess("-k", "fixtures", *lent.options())
    result.assert_outcomes(passed=1)
    assert lent.databases == THEIRS


@pytest.mark.parametrize(
    "style", ["--tb=long", pytest.param("--full-trace", marks=pytest.mark.campaign)]
)
def test_no_traceback_shows_the_password(project, lent: Lent, style: str) -> None:
    pytester = project(configuration=CONFIGURATION)
    pytester.makepyfile(
        """
def test_of_a_copy_that_cannot_be(schema_parity):
    tree = schema_parity["supabase"]
    conninfo = tree.conninfo
    tree.clone("postgres")

def test_of_a_role_that_is_not_there(schema_parity):
    tree = schema_parity["prisma"]
    tree.target.host.superuser = "nobody of that name"
    tree.template.copy()
"""
    )
    given = [*lent.options(), "--postgresql-password=S3cretOfTheirs"]
    result = pytester.runpytest_subprocess("-l", "-vv", style, *given)
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*cannot be copied to postgres*", "*nobody of that name*"])
    assert "S3cretOfTheirs" not in result.stdout.str() + result.stderr.str()


def test_who_is_no_superuser_is_told(project, lent: Lent) -> None:
    lent.execute("CREATE ROLE humble LOGIN CREATEDB")
    pytester = project(configuration=CONFIGURATION)
    result = pytester.runpytest_subprocess(
        "--schema-parity", *COLUMNS, *lent.options("humble", dbname="humble")
    )
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*humble is not a superuser on *connect as a superuser*"])
    assert lent.databases == THEIRS


def test_a_platform_that_needs_a_cluster_is_refused(project, lent: Lent) -> None:
    configuration = CONFIGURATION.replace("server =", 'platform = "supabase"\nserver =')
    pytester = project(configuration=configuration)
    result = pytester.runpytest_subprocess("--schema-parity", *COLUMNS, *lent.options())
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(['*pyproject.toml:*platform: "supabase" *remove the key*'])


@pytest.mark.campaign
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_what_a_killed_run_left_goes_with_the_next(project, lent: Lent) -> None:
    pytester = project(configuration=CONFIGURATION)
    sleeps = pytester.path / "supabase" / "migrations" / "20250102000000_sleeps.sql"
    sleeps.write_text("SELECT 1; SELECT pg_sleep(60);")
    command = [sys.executable, "-m", "pytest", "--schema-parity", "pyproject.toml"]
    run = subprocess.Popen(
        [*command, *lent.options(dbname="killed")], cwd=pytester.path, stdout=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 30
    while len(lent.databases - THEIRS) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    run.send_signal(signal.SIGKILL)
    run.wait(30)
    assert len(lent.databases - THEIRS) >= 2
    sleeps.unlink()
    result = pytester.runpytest_subprocess("--schema-parity", *COLUMNS, *lent.options())
    assert result.ret == pytest.ExitCode.OK
    assert lent.databases == THEIRS


@pytest.mark.campaign
def test_what_was_made_when_the_run_was_killed_goes_too(project, lent: Lent) -> None:
    lent.execute("CREATE DATABASE schema_parity_0123456789ab_1")  # before its comment
    result = project(configuration=CONFIGURATION).runpytest_subprocess(
        "--schema-parity", *COLUMNS, *lent.options()
    )
    assert result.ret == pytest.ExitCode.OK
    assert lent.databases == THEIRS


@pytest.mark.campaign
def test_trees_that_make_one_role_wait_for_each_other(project, lent: Lent) -> None:
    pytester = project(configuration=CONFIGURATION)
    makes = """
DO $$BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'of both') THEN
        CREATE ROLE "of both";
    END IF;
    PERFORM pg_sleep(1);
END$$;
"""
    for tree in ("prisma", "supabase"):
        file = next((pytester.path / tree / "migrations").iterdir())
        file.write_text(file.read_text() + makes)
    result = pytester.runpytest_subprocess("--schema-parity", *COLUMNS, *lent.options())
    assert result.ret == pytest.ExitCode.OK


@pytest.mark.campaign
def test_a_run_outlasts_the_time_that_sessions_may_idle(project, lent: Lent) -> None:
    pytester = project(configuration=CONFIGURATION)
    sleeps = pytester.path / "supabase" / "migrations" / "20250102000000_sleeps.sql"
    sleeps.write_text("SELECT pg_sleep(1)")
    lent.execute("ALTER ROLE owner SET idle_session_timeout = '300ms'")
    try:
        result = pytester.runpytest_subprocess("--schema-parity", *COLUMNS, *lent.options())
    finally:
        lent.execute("ALTER ROLE owner RESET idle_session_timeout")
    assert result.ret == pytest.ExitCode.OK
    assert lent.databases == THEIRS


@pytest.mark.campaign
def test_what_two_runs_make_is_kept_apart(project, lent: Lent) -> None:
    pytester = project(configuration=CONFIGURATION)
    command = [sys.executable, "-m", "pytest", "-q", "--schema-parity", "pyproject.toml"]
    runs = [
        subprocess.Popen([*command, *options], cwd=pytester.path, stdout=subprocess.PIPE)
        for options in (lent.options(dbname="one"), lent.options(dbname="two"))
    ]
    for run in runs:
        output, _ = run.communicate(timeout=60)
        assert run.returncode == 0, output.decode()
    assert lent.databases == THEIRS


def test_a_tree_that_comments_on_its_database_leaves_nothing(project, lent: Lent) -> None:
    comment = "DO $$BEGIN EXECUTE format('COMMENT ON DATABASE %I IS ''mine''', current_database());"
    pytester = project(f"{comment} END$$; CREATE TABLE users ();", configuration=CONFIGURATION)
    pytester.runpytest_subprocess("--schema-parity", *COLUMNS, *lent.options())
    assert lent.databases == THEIRS


def test_the_key_is_checked(project) -> None:
    wrong = CONFIGURATION.replace('"postgresql_noproc"', '"my server"\npostgres = 17')
    result = project(configuration=wrong).runpytest_subprocess("--schema-parity")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["*pyproject.toml:3*server*must be the name of*", "*postgres*keep one*"]
    )


def test_a_fixture_that_is_not_there_is_named(project) -> None:
    unknown = CONFIGURATION.replace("postgresql_noproc", "nobodys_fixture")
    result = project(configuration=unknown).runpytest_subprocess("--schema-parity")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*fixture 'nobodys_fixture' not found*"])


def test_databases_stay_for_a_look(project, lent: Lent) -> None:
    pytester = project(configuration=CONFIGURATION)
    gate = ("--schema-parity", *COLUMNS, *lent.options())
    result = pytester.runpytest_subprocess(*gate, "--schema-parity-keep")
    assert result.ret == pytest.ExitCode.OK
    kept = dict(re.findall(r"^(\w+): psql .* -d (\S+)$", result.stdout.str(), re.MULTILINE))
    assert list(kept) == ["prisma", "supabase"]
    assert set(kept.values()) <= lent.databases
    assert pytester.runpytest_subprocess(*gate).ret == pytest.ExitCode.OK
    assert lent.databases == THEIRS
