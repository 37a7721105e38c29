"""Development sessions: ``nox -s tests``, ``nox -s lint``, ``nox -s gate``."""

from __future__ import annotations

import nox

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
PYTESTS = {"oldest": "pytest==8.0.*", "newest": "pytest"}

nox.options.sessions = ["lint", "tests", "gate"]
nox.options.error_on_missing_interpreters = False


@nox.session
def lint(session: nox.Session) -> None:
    """Style, types and the layers of the house."""
    session.install("-e", ".[test]")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")
    session.run("lint-imports")


@nox.session(python=PYTHONS)
@nox.parametrize("pytest", list(PYTESTS))
def tests(session: nox.Session, pytest: str) -> None:
    """The tests, under the oldest and the newest pytest that is supported."""
    session.install("-e", ".[test]", PYTESTS[pytest])
    session.run("pytest", *session.posargs)


@nox.session
def gate(session: nox.Session) -> None:
    """The gate on the project's own trees, installed as a user would."""
    session.install("-e", ".[embedded]")
    session.run("pytest", "--schema-parity", "pyproject.toml", *session.posargs)
