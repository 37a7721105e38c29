"""A small project with two trees, for running the plugin as its users do."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.forking import Forks

CONFIGURATION = """\
[tool.pytest-schema-parity]
reference = "prisma"

[tool.pytest-schema-parity.trees.prisma]
path = "prisma/migrations"

[tool.pytest-schema-parity.trees.supabase]
path = "supabase/migrations"
"""

REFERENCE = """\
CREATE TABLE users (
    id text PRIMARY KEY,
    email text NOT NULL,
    kajabi_contact_id text
);
CREATE UNIQUE INDEX users_email_key ON users (email);
CREATE VIEW active_users AS
SELECT id, email FROM users WHERE kajabi_contact_id IS NOT NULL;
"""

ROOT = Path(__file__).parents[2]
Project = Callable[..., pytest.Pytester]


@pytest.fixture
def absent() -> tuple[str, ...]:
    """Installed plugins that an inner pytest does without: their imports double its start."""
    return ("hypothesispytest", "pytest_postgresql")


@pytest.fixture(autouse=True)
def at_a_desk(monkeypatch: pytest.MonkeyPatch, absent: tuple[str, ...]) -> None:
    """What changes how an inner pytest prints is not for the outer one's surroundings to say."""
    for name in (
        "CI",
        "BUILD_NUMBER",
        "NO_COLOR",
        "FORCE_COLOR",
        "PY_COLORS",
        "PYTEST_THEME",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTEST_ADDOPTS", " ".join(f"-p no:{name}" for name in absent))


@pytest.fixture(scope="session")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    """The process whose forks are the inner runs."""
    with Forks(tmp_path_factory.mktemp("forks")) as forks:
        yield forks


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any]]:
    """What the gate prints of the plan's drifted trees, and its report, without statements."""
    return gate_on_the_archive(tmp_path_factory, "structure", "--schema-parity-examples=0")


@pytest.fixture(scope="session")
def whole_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any]]:
    """The same with the check ``behavior``, which takes most of its time."""
    return gate_on_the_archive(tmp_path_factory, "whole")


def gate_on_the_archive(
    tmp_path_factory: pytest.TempPathFactory, name: str, *options: str
) -> tuple[str, dict[str, Any]]:
    """One worker runs it, and the others read what it has left."""
    directory = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        directory = directory.parent
    printed, report = directory / f"{name}.txt", directory / f"{name}.json"
    with directory.joinpath(f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not printed.exists():
            command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--schema-parity"]
            command += ["sql/archive.toml", f"--schema-parity-report=json:{report}", *options]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
            assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout + done.stderr
            printed.write_text(done.stdout)
    return printed.read_text(), json.loads(report.read_text())


@pytest.fixture
def pytester(
    pytester: pytest.Pytester, forks: Forks, monkeypatch: pytest.MonkeyPatch
) -> pytest.Pytester:
    """pytest's own, but ``runpytest_subprocess`` forks, unless Python itself is set otherwise."""
    start, before = pytester.popen, settings_of_python()

    def popen(command, *arguments, **options):  # type: ignore[no-untyped-def]
        if tuple(command[:2]) == pytester._getpytestargs() and settings_of_python() == before:
            return forks.start(command[2:], options["stdout"], options["stderr"])
        return start(command, *arguments, **options)

    monkeypatch.setattr(pytester, "popen", popen)
    return pytester


def settings_of_python() -> dict[str, str]:
    """What an interpreter looks at when it starts, and a fork does not."""
    return {name: text for name, text in os.environ.items() if name.startswith(("PYTHON", "LC_"))}


@pytest.fixture
def project(pytester: pytest.Pytester) -> Project:
    """Make a project: ``project(candidate_sql)``; without arguments its trees are at parity."""

    def make(
        candidate: str = REFERENCE, *, extra: str = "", configuration: str = CONFIGURATION
    ) -> pytest.Pytester:
        pytester.path.joinpath("pyproject.toml").write_text(configuration + extra)
        for directory, name, sql in (
            ("prisma", "001_init.sql", REFERENCE),
            ("supabase", "20250101000000_init.sql", candidate),
        ):
            folder = pytester.path / directory / "migrations"
            folder.mkdir(parents=True)
            folder.joinpath(name).write_text(sql)
        return pytester

    return make
