"""A small project with two trees, for running the plugin as its users do."""

from __future__ import annotations

from collections.abc import Callable

import pytest

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
