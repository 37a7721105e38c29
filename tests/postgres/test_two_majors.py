"""One script on servers of two major versions makes equal schemas, or notes at most."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from pytest_schema_parity.catalog import read_schema
from pytest_schema_parity.postgres.cluster import Cluster, start_cluster
from pytest_schema_parity.postgres.databases import drop_database
from pytest_schema_parity.postgres.installation import Installation, find_installation
from pytest_schema_parity.schema.compare import compare
from pytest_schema_parity.schema.facts import Schema

CORPUS = Path(__file__).parents[1] / "corpus"
CASES = (
    "equal_views",
    "equal_lists_reloaded",
    "equal_defaults",
    "function_layout",
    "foreign_key_of_partition_off",
    "index_parameters",
)
ROLE = "two_majors_reader"


@pytest.fixture(scope="module")
def other_cluster(installation: Installation) -> Iterator[Cluster]:
    """A cluster of another major version, where one is installed."""
    for bindir in sorted(Path("/usr/lib/postgresql").glob("*/bin")):
        other = find_installation(bindir=bindir)
        if other.major != installation.major:
            with start_cluster(other, name="tests other major") as cluster:
                yield cluster
            return
    pytest.skip("there is no PostgreSQL of another major version to compare with")


def built(cluster: Cluster, script: str) -> Schema:
    """What a script makes in a database of one locale, whatever a cluster's own is."""
    with psycopg.connect(cluster.conninfo(), autocommit=True) as connection:
        connection.execute(
            "CREATE DATABASE \"two majors\" TEMPLATE template0 LOCALE_PROVIDER libc LOCALE 'C'"
        )
    conninfo = cluster.conninfo("two majors")
    try:
        with psycopg.connect(conninfo) as connection:
            connection.execute(script.encode())
        return Schema.from_json(read_schema(conninfo).to_json())
    finally:
        drop_database(cluster, "two majors", force=True)


@pytest.fixture
def with_role(cluster: Cluster, other_cluster: Cluster) -> Iterator[None]:
    for one in (cluster, other_cluster):
        with psycopg.connect(one.conninfo(), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(ROLE)))
    yield
    for one in (cluster, other_cluster):
        with psycopg.connect(one.conninfo(), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(ROLE)))


@pytest.mark.parametrize("case", CASES)
def test_one_script_makes_one_schema(cluster: Cluster, other_cluster: Cluster, case: str) -> None:
    script = (CORPUS / case / "b.sql").read_text(encoding="utf-8")
    ours, theirs = built(cluster, script), built(other_cluster, script)
    assert not compare(ours, theirs)
    assert ours == theirs


@pytest.mark.usefixtures("with_role")
def test_what_only_the_newer_can_grant_is_a_note(cluster: Cluster, other_cluster: Cluster) -> None:
    script = f"CREATE TABLE t (); GRANT ALL ON t TO {ROLE}"
    (one,) = compare(built(cluster, script), built(other_cluster, script))
    assert (one.kind, one.attribute, one.impact) == ("privilege", "privileges", "comment")


def test_a_view_that_differs_is_told_of(cluster: Cluster, other_cluster: Cluster) -> None:
    table = "CREATE TABLE t (id integer, n integer);"
    ours = built(cluster, f"{table} CREATE VIEW v AS SELECT id AS n, n AS id FROM t ORDER BY t.n")
    theirs = built(
        other_cluster, f"{table} CREATE VIEW v AS SELECT id AS n, n AS id FROM t ORDER BY t.id"
    )
    assert [one.name for one in compare(ours, theirs)] == ["public.v"]
