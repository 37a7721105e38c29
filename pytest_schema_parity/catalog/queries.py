"""The queries: one a kind, each in a file of the kind's name, as a server version wants them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Final

from pytest_schema_parity.schema.kinds import KINDS

OTHER: Final = "other"
"""The query for all kinds that have none of their own: it names the kind in a column."""

CONDITION: Final = re.compile(r"-- (since|until) (\d+)$")


@cache
def queries(major: int) -> Mapping[str, str]:
    """The queries for a server of this major version, by kind.

    A line that ends in ``-- since 18`` is for PostgreSQL 18 and newer, one that ends in
    ``-- until 17`` for 17 and older.
    """
    return MappingProxyType({kind: _query(kind, major) for kind in (*KINDS, OTHER)})


@cache
def fingerprint() -> str:
    """16 hex digits that differ when any query does."""
    digest = hashlib.sha256()
    for kind in (*KINDS, OTHER):
        digest.update(_file(kind).read_bytes())
    return digest.hexdigest()[:16]


def _query(kind: str, major: int) -> str:
    lines = _file(kind).read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if _is_for(line, major))


def _file(kind: str) -> Traversable:
    return files(__package__) / f"{kind.replace(' ', '_')}.sql"


def _is_for(line: str, major: int) -> bool:
    condition = CONDITION.search(line)
    if condition is None:
        return True
    version = int(condition[2])
    return major >= version if condition[1] == "since" else major <= version
