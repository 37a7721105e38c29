"""One statement changes one thing: it is seen, from both sides, and as few differences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pytest_schema_parity.catalog import read_schema
from pytest_schema_parity.postgres.cluster import Cluster
from pytest_schema_parity.postgres.databases import create_database, drop_database
from pytest_schema_parity.schema.compare import compare
from pytest_schema_parity.schema.difference import Difference

pytestmark = pytest.mark.campaign

SUPPORT = Path(__file__).parents[1] / "support"
STATEMENTS = SUPPORT.joinpath("one_statement.sql").read_text(encoding="utf-8").splitlines()
MIRRORED = {"missing": "extra", "extra": "missing"}
ROLES = ("reader", "writer")
FEW = 3
"""Differences that one statement makes at most, unless it does several things."""
SEVERAL = {"ALTER TABLE app.client DROP COLUMN name CASCADE;": 6}


@pytest.fixture(scope="module")
def connection(cluster: Cluster) -> Iterator[psycopg.Connection[Any]]:
    """A connection to the database that each statement changes and leaves as it was."""
    with psycopg.connect(cluster.conninfo(), autocommit=True) as maintenance:
        for role in ROLES:
            maintenance.execute(f"CREATE ROLE {role}")
    conninfo = create_database(cluster, "one statement")
    with psycopg.connect(conninfo) as connection:
        connection.execute(SUPPORT.joinpath("one_statement_base.sql").read_bytes())
        connection.commit()
        yield connection
    drop_database(cluster, "one statement", force=True)
    with psycopg.connect(cluster.conninfo(), autocommit=True) as maintenance:
        for role in ROLES:
            maintenance.execute(f"DROP ROLE {role}")


def test_each_is_seen_from_both_sides(connection: psycopg.Connection[Any]) -> None:
    before = read_schema(connection)
    unseen, lopsided, noisy = [], [], {}
    for statement in STATEMENTS:
        with connection.transaction(force_rollback=True):
            connection.execute(statement.encode())
            after = read_schema(connection)
        there, back = compare(before, after), compare(after, before)
        if not there:
            unseen.append(statement)
        if Counter(map(mirrored, there)) != Counter(map(essence, back)):
            lopsided.append(statement)
        if len(there) > FEW:
            noisy[statement] = len(there)
    assert (unseen, lopsided) == ([], [])
    assert noisy == SEVERAL


def essence(one: Difference) -> tuple[str, ...]:
    return one.kind, one.change, one.attribute or "", one.impact, str(one.expected), str(one.actual)


def mirrored(one: Difference) -> tuple[str, ...]:
    kind, change, attribute, impact, expected, actual = essence(one)
    return kind, MIRRORED.get(change, change), attribute, impact, actual, expected
