"""Development sessions: ``pipx run nox -l`` lists them, ``pipx run nox -s lint`` runs one.

An interpreter or a PostgreSQL that is not installed is skipped, and said to be.
"""

from __future__ import annotations

from pathlib import Path

import nox

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
OLDEST = ("pytest==8.0.0", "psycopg[binary]==3.2.1", "sqlparse==0.5.0", "platformdirs==4.0.0")
MAJORS = ("15", "16", "17")

nox.options.sessions = ["lint", "gate", "tests", "oldest", "postgres"]
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
    session.install("-e", ".[test]", *OLDEST)
    session.run("pytest", "-n", "auto", *session.posargs)


@nox.session
@nox.parametrize("major", MAJORS)
def postgres(session: nox.Session, major: str) -> None:
    """What depends on the server, on an older PostgreSQL as Debian and Ubuntu install it."""
    bindir = f"/usr/lib/postgresql/{major}/bin"
    if not Path(bindir, "postgres").exists():
        session.skip(f"there is no {bindir}/postgres")
    session.install("-e", ".[test]")
    session.run("pytest", "--schema-parity", "pyproject.toml", f"--schema-parity-bindir={bindir}")
    env = {"SCHEMA_PARITY_TEST_BINDIR": bindir}
    session.run("pytest", "-n", "auto", *(session.posargs or ["tests/postgres"]), env=env)
