"""A project whose trees have users and a view of the adults, for the check ``behavior``."""

from __future__ import annotations

import json
from typing import Any

import pytest

CHECK = "pyproject.toml::supabase::behavior"
REPORT = "--schema-parity-report=json:report.json"
USERS = """\
CREATE TABLE users (
    id text PRIMARY KEY,
    email text NOT NULL{unique},
    age int CHECK (age {bound})
);
CREATE VIEW adults AS SELECT id FROM users WHERE age >= {adult};
"""


def users(unique: str = " UNIQUE", bound: str = "> 0", adult: int = 18) -> str:
    return USERS.format(unique=unique, bound=bound, adult=adult)


def of(project: Any, candidate: str, *, extra: str = "") -> pytest.Pytester:
    """A project whose reference is :func:`users`."""
    pytester: pytest.Pytester = project(candidate, extra=extra)
    pytester.path.joinpath("prisma/migrations/001_init.sql").write_text(users())
    return pytester


def entries(pytester: pytest.Pytester) -> list[dict[str, Any]]:
    """The behavior in the report."""
    found = json.loads(pytester.path.joinpath("report.json").read_text())["behavior"]
    assert isinstance(found, list)
    return found
