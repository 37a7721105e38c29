"""Rehearsals in people's own tests, on servers of others, and what is left of their own."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest
from support.rehearsing_project import CONFIGURATION, FILES, run, write

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
