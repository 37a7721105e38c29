"""The ledger of pg_catalog's columns: no column of any version is forgotten.

``pytest_schema_parity/catalog/ledger.toml`` says of each what becomes of it.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import psycopg
import pytest

from pytest_schema_parity.catalog.queries import OTHER, queries
from pytest_schema_parity.postgres.cluster import start_cluster
from pytest_schema_parity.postgres.installation import Installation, find_installation
from pytest_schema_parity.schema.kinds import KINDS

MAJORS = (15, 16, 17, 18)
EVERY_COLUMN = """
    SELECT c.relname, array_agg(a.attname::text ORDER BY a.attnum)
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r'
      AND a.attnum > 0 AND NOT a.attisdropped
    GROUP BY c.relname
"""


@dataclass(frozen=True)
class Entry:
    """What the ledger has of one table; ``whole`` is why nothing of it is read."""

    whole: str = ""
    identity: frozenset[str] = frozenset()
    compared: frozenset[str] = frozenset()
    deparsed: Mapping[str, frozenset[str]] = frozenset()  # type: ignore[assignment]
    ignored: Mapping[str, frozenset[str]] = frozenset()  # type: ignore[assignment]

    @property
    def columns(self) -> Counter[str]:
        """Every column, with how often it is entered."""
        groups = (*dict(self.deparsed).values(), *dict(self.ignored).values())
        return Counter(name for group in (self.identity, self.compared, *groups) for name in group)


def ledger() -> dict[str, Entry]:
    text = files("pytest_schema_parity.catalog").joinpath("ledger.toml").read_text("utf-8")
    return {
        table: Entry(
            whole=entry.get("whole", ""),
            identity=frozenset(entry.get("identity", "").split()),
            compared=frozenset(entry.get("compared", "").split()),
            deparsed={k: frozenset(v.split()) for k, v in entry.get("deparsed", {}).items()},
            ignored={k: frozenset(v.split()) for k, v in entry.get("ignored", {}).items()},
        )
        for table, entry in tomllib.loads(text).items()
    }


LEDGER = ledger()


@pytest.fixture(scope="module")
def servers(installation: Installation) -> dict[int, dict[str, list[str]]]:
    """The columns of pg_catalog's tables on each server that is installed, by major version."""
    found = {installation.major: installation}
    for bindir in sorted(Path("/usr/lib/postgresql").glob("*/bin")):
        other = find_installation(bindir=bindir)
        found.setdefault(other.major, other)
    columns = {}
    for major, one in found.items():
        with (
            start_cluster(one, name=f"tests ledger {major}") as cluster,
            psycopg.connect(cluster.conninfo()) as connection,
        ):
            columns[major] = dict(connection.execute(EVERY_COLUMN).fetchall())
    return columns


def test_every_column_of_every_catalog_is_entered(
    servers: dict[int, dict[str, list[str]]],
) -> None:
    unknown = [
        f"{table}.{column} of {major}"
        for major, tables in servers.items()
        for table, columns in tables.items()
        for column in columns
        if table not in LEDGER or not (LEDGER[table].whole or column in LEDGER[table].columns)
    ]
    assert unknown == []


def test_no_entry_is_of_a_column_that_no_server_has(
    servers: dict[int, dict[str, list[str]]],
) -> None:
    if not {min(MAJORS), max(MAJORS)} <= servers.keys():
        pytest.skip("the oldest and the newest PostgreSQL are not both installed")
    known = {
        (table, column)
        for tables in servers.values()
        for table, columns in tables.items()
        for column in columns
    }
    entered = {(table, column) for table, entry in LEDGER.items() for column in entry.columns}
    assert entered <= known


def test_no_column_is_entered_twice() -> None:
    twice = [
        f"{table}.{column}"
        for table, entry in LEDGER.items()
        for column, times in entry.columns.items()
        if times > 1 or entry.whole
    ]
    assert twice == []


def test_what_is_compared_stands_in_a_query() -> None:
    words = set(re.findall(r"\w+", _code()))
    absent = [
        f"{table}.{name}"
        for table, entry in LEDGER.items()
        for name in (*entry.compared, *dict(entry.deparsed))
        if name not in words
    ]
    assert absent == []


def test_what_is_ignored_stands_in_no_query() -> None:
    """But for what a query looks at to leave out a row, or to find one."""
    words = set(re.findall(r"\w+", _code()))
    read = [
        f"{table}.{name}"
        for table, entry in LEDGER.items()
        for names in dict(entry.ignored).values()
        for name in names
        if name in words
    ]
    assert read == []


def test_the_limits_are_those_that_the_readme_names() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8").lower()
    named = {
        "pg_seclabel": "security labels",
        "pg_shseclabel": "security labels",
        "pg_user_mapping": "user mappings",
    }
    mentioning = {
        table
        for table, entry in LEDGER.items()
        if "README" in " ".join((entry.whole, *dict(entry.ignored)))
    }
    assert mentioning == named.keys()
    assert [words for words in named.values() if words not in readme] == []


def _code() -> str:
    """All queries for all versions, without comments."""
    text = "\n".join(query for major in MAJORS for query in queries(major, headers=False).values())
    assert {*KINDS, OTHER} == queries(MAJORS[-1], headers=False).keys()
    return re.sub(r"--.*", "", text)
