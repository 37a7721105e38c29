"""Other people's plugins, all installed and on: ``pip install -e ".[neighbours]"`` brings them."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from pytest_schema_parity.checks import registry


@pytest.fixture
def absent() -> tuple[str, ...]:
    """Nothing that is installed."""
    return ()


NEIGHBOURS = (
    "django",
    "pytest_asyncio",
    "pytest_cov",
    "pytest_django",
    "pytest_randomly",
    "pytest_rerunfailures",
    "pytest_timeout",
)
MISSING = [name for name in NEIGHBOURS if find_spec(name) is None]
pytestmark = pytest.mark.skipif(
    bool(MISSING), reason=f"not installed: {', '.join(MISSING)} (the extra `neighbours`)"
)

GATE = ("--schema-parity", "pyproject.toml")
ITEMS = 1 + len(registry.names())
DRIFTED = "CREATE TABLE users (id text PRIMARY KEY, email text NOT NULL);"
SLEEPING = "supabase/migrations/20250102000000_slow.sql"
INI = """
[pytest]
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
DJANGO_SETTINGS_MODULE = settings
pythonpath = .
timeout = 60
addopts = --cov=. --reruns=1
"""
SETTINGS = """
SECRET_KEY = "not one"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
"""
FIXTURES = """
from pytest_postgresql import factories
from pytest_schema_parity.plugin.factories import schema_parity_proc

supabase_proc = schema_parity_proc("supabase")
supabase = factories.postgresql("supabase_proc")
"""
TESTS = """
import psycopg
import pytest
from django.contrib.auth.models import User

INSERT = "INSERT INTO users (id, email) VALUES ('1', 'a')"
tries = []

@pytest.mark.django_db
def test_beside_the_database_of_django(schema_parity_database):
    User.objects.create(username="ada")
    with schema_parity_database["supabase"].connect() as connection:
        connection.execute(INSERT)

def test_where_that_of_django_is_blocked(schema_parity):
    with pytest.raises(RuntimeError, match="Database access not allowed"):
        User.objects.count()
    assert not schema_parity["supabase"].comparison.failing

@pytest.mark.parametrize("number", range(2))
async def test_in_an_event_loop(schema_parity_database, number):
    conninfo = schema_parity_database["supabase"].conninfo
    async with await psycopg.AsyncConnection.connect(conninfo) as connection:
        await connection.execute(INSERT)

@pytest.mark.parametrize("number", range(2))
def test_through_pytest_postgresql(supabase, number):
    supabase.execute(INSERT)
    supabase.commit()

def test_again_on_another_copy(schema_parity_database):
    with schema_parity_database["supabase"].connect() as connection:
        connection.execute(INSERT)
        connection.commit()
    tries.append(connection)
    assert len(tries) == 2
"""
TESTED = 7


@pytest.fixture
def neighbourhood(project) -> pytest.Pytester:
    """A project in which all of them have something to do."""
    pytester = project()
    for name, text in (
        ("pytest.ini", INI),
        ("settings.py", SETTINGS),
        ("conftest.py", FIXTURES),
        ("test_it.py", TESTS),
    ):
        pytester.path.joinpath(name).write_text(text)
    return pytester


@pytest.mark.parametrize("workers", [[], ["-n2"]])
def test_all_at_once(neighbourhood, workers) -> None:
    result = neighbourhood.runpytest_subprocess("--schema-parity", *workers)
    assert result.ret == pytest.ExitCode.OK
    outcomes = result.parseoutcomes()
    assert (outcomes["passed"], outcomes["rerun"]) == (ITEMS + TESTED, 1)
    result.stdout.fnmatch_lines(["supabase::rows: 1 note *", "test_it.py * 100%"])
    assert "INTERNALERROR" not in result.stdout.str() + result.stderr.str()


def test_any_order_gives_the_same_ids_and_the_same_summary(project) -> None:
    pytester = project(DRIFTED)
    runs = [
        pytester.runpytest_subprocess(*GATE, "-v", f"--randomly-seed={seed}") for seed in (1, 2)
    ]
    orders = [[line.split()[0] for line in run.outlines if "%]" in line] for run in runs]
    assert orders[0] != orders[1]
    assert sorted(orders[0]) == sorted(orders[1])
    assert len(orders[0]) == ITEMS
    assert shown(runs[0]) == shown(runs[1])


def shown(result: pytest.RunResult) -> list[str]:
    """The table of trees by checks, and what follows."""
    start = next(at for at, line in enumerate(result.outlines) if "- schema parity -" in line)
    end = next(at for at, line in enumerate(result.outlines) if "short test summary" in line)
    return result.outlines[start:end]


def test_a_check_that_fails_again(project) -> None:
    """Its facts are told once: those of the last run."""
    pytester = project(DRIFTED)
    result = pytester.runpytest_subprocess(*GATE, "--reruns=2", "--junitxml=junit.xml", "-n2")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    outcomes = result.parseoutcomes()
    assert outcomes["rerun"] == 2 * outcomes["failed"] > 0
    assert outcomes["failed"] + outcomes["passed"] == ITEMS
    for case in ET.parse(pytester.path / "junit.xml").getroot().iter("testcase"):
        names = Counter(each.get("name") for each in case.iter("property"))
        assert set(names.values()) == {1}


@pytest.fixture
def sleeping(project, monkeypatch) -> Iterator[pytest.Pytester]:
    """A project with a view that takes minutes; no process of its runs may be left."""
    pytester = project()
    configuration = pytester.path / "pyproject.toml"
    patient = configuration.read_text().replace("reference", "statement_timeout = 600\nreference")
    configuration.write_text(patient)
    view = "CREATE VIEW slow AS SELECT pg_sleep(500)::text;"
    for file in ("prisma/migrations/002_slow.sql", SLEEPING):
        pytester.path.joinpath(file).write_text(view)
    monkeypatch.setenv("RUN_OF", str(pytester.path))
    yield pytester
    give_up = time.monotonic() + 20
    while (left := processes_of(pytester.path)) and time.monotonic() < give_up:
        time.sleep(0.05)
    assert not left


def processes_of(run: Path) -> list[str]:
    """Which processes have that run in their environment, servers and what watches them too."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended meanwhile
            if f"RUN_OF={run}".encode() in process.joinpath("environ").read_bytes().split(b"\0"):
                found.append(process.joinpath("cmdline").read_text())
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
@pytest.mark.parametrize(
    ("check", "method", "workers"),
    [
        ("columns", "signal", []),
        ("columns", "thread", ["-n2"]),
        ("rows", "signal", ["-n2"]),
        ("rows", "thread", []),
    ],
)
def test_a_check_that_is_cut_off(sleeping, check, method, workers) -> None:
    """By a signal the check fails; from a thread pytest, or its worker, ends where it stands."""
    if check == "columns":
        sleeping.path.joinpath(SLEEPING).write_text("SELECT pg_sleep(500);")
    arguments = ("--timeout=2", f"--timeout-method={method}", "--schema-parity-report=json:a.json")
    result = sleeping.runpytest_subprocess(
        "--schema-parity", f"pyproject.toml::supabase::{check}", *arguments, *workers, timeout=120
    )
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    said = result.stdout.str() + result.stderr.str()
    assert ("crashed" if workers and method == "thread" else "Timeout") in said
    if workers or method == "signal":
        report = json.loads(sleeping.path.joinpath("a.json").read_text())
        assert report["verdict"] == "broken"
