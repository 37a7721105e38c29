"""Load the catalog queries: one ``.sql`` file for each kind, adapted to the server's version.

They are SQL, with two additions.  ``header(t)`` is the header of a row of ``t``, as text
``xmin:cmin``, by which its origin is found.  A line that ends in ``-- since 18`` is for PostgreSQL
18 and newer, one that ends in ``-- until 17`` for 17 and older.
"""

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
"""The query for all kinds that have no query of their own: it returns the kind in a column."""

CONDITION: Final = re.compile(r"-- (since|until) (\d+)$")
HEADER: Final = re.compile(r"\bheader\((\w+)\)")

READ_HEADER: Final = r"(\1.xmin || CASE \1.xmax::text WHEN '0' THEN ':' || \1.cmin ELSE ':-1' END)"
"""A row that a rolled-back statement had changed has lost its cmin: it is -1 then."""

NO_HEADER: Final = "NULL::text"
HEADERS: Final = re.compile(r"ARRAY\[[^\]]*\] AS (changed|parts)\b")
NO_HEADERS: Final = r"NULL::text[] AS \1"
"""A NULL instead of an array of NULLs, which would be slow to read."""


@cache
def queries(major: int, *, headers: bool) -> Mapping[str, str]:
    """The queries for a major version by kind; without ``headers`` the headers are NULL.

    >>> list(queries(18, headers=False))[:3]
    ['schema', 'extension', 'enum']
    """
    found = {kind: _query(kind, major) for kind in (*KINDS, OTHER)}
    if headers:
        return MappingProxyType({kind: HEADER.sub(READ_HEADER, q) for kind, q in found.items()})
    return MappingProxyType(
        {
            kind: HEADER.sub(NO_HEADER, HEADERS.sub(NO_HEADERS, query))
            for kind, query in found.items()
        }
    )


@cache
def hash_of_queries() -> str:
    """A hash of all queries: 16 hex digits."""
    digest = hashlib.sha256()
    for kind in (*KINDS, OTHER):
        digest.update(_query_file(kind).read_bytes())
    return digest.hexdigest()[:16]


def _query(kind: str, major: int) -> str:
    lines = _query_file(kind).read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if _applies_to(line, major))


def _query_file(kind: str) -> Traversable:
    return files(__package__) / f"{kind.replace(' ', '_')}.sql"


def _applies_to(line: str, major: int) -> bool:
    condition = CONDITION.search(line)
    if condition is None:
        return True
    version = int(condition[2])
    return major >= version if condition[1] == "since" else major <= version
