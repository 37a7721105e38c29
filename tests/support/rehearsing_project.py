"""A project that rehearses an upgrade from what is deployed."""

from __future__ import annotations

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
