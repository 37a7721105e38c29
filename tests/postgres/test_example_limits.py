"""What the worked example does not hide: the limits that sql/README.md names, as they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import errors

from pytest_schema_parity.postgres.cluster import Cluster
from pytest_schema_parity.postgres.databases import clone_database, drop_database

SQL = Path(__file__).parents[2] / "sql"
ADA, BEN = (f"00000000-0000-4000-8000-00000000000{number}" for number in (1, 2))
SHOWN = {"id", "user_id", "activity_code", "status", "visibility", "payload", "created_at"}
"""The columns of public work that a visitor sees."""

Connection = psycopg.Connection[Any]


@pytest.fixture(scope="module")
def conninfo(supabase_cluster: Cluster) -> Iterator[str]:
    clone_database(supabase_cluster, "postgres", "example_limits")
    conninfo = supabase_cluster.conninfo("example_limits", user="postgres")
    with psycopg.connect(conninfo) as connection:
        for directory in ("supabase/migrations", "seed"):
            for file in sorted((SQL / directory).glob("*.sql")):
                connection.execute(file.read_text(encoding="utf-8").encode())
    yield conninfo
    drop_database(supabase_cluster, "example_limits", force=True)


@pytest.fixture
def ben(conninfo: str) -> Iterator[Connection]:
    """What somebody does who has signed in; undone."""
    with psycopg.connect(conninfo) as connection:
        connection.execute("SET ROLE authenticated")
        claims = json.dumps({"sub": BEN, "role": "authenticated"})
        connection.execute("SELECT set_config('request.jwt.claims', %s, true)", [claims])
        yield connection
        connection.rollback()


def train(connection: Connection, peers: int) -> None:
    """Hand in AMPLIFY work in the name of ada, who trained 12 peers two days ago."""
    connection.execute(
        "INSERT INTO submissions (id, user_id, activity_code, payload, attachments, updated_at)"
        " VALUES ('new', %s, 'AMPLIFY', jsonb_build_object('peersTrained', %s::int), '[]', now())",
        [ADA, peers],
    )


def test_a_refusal_of_the_quota_tells_what_another_user_trained(ben: Connection) -> None:
    with pytest.raises(errors.CheckViolation, match="exceeded: 63 in 7 days, at most 50"):
        train(ben, 51)


def test_a_submission_within_the_quota_is_refused_without_telling(ben: Connection) -> None:
    with pytest.raises(errors.InsufficientPrivilege, match="row-level security"):
        train(ben, 1)


def test_who_has_signed_in_sees_public_work_whole(ben: Connection) -> None:
    query = "SELECT review_note, reviewer_id, attachments FROM submissions WHERE id = 'sub-ada-1'"
    ((note, reviewer, attachments),) = ben.execute(query)
    assert (note, attachments) == ("Well done", [])
    assert reviewer is not None
    others = "SELECT DISTINCT status, visibility FROM submissions WHERE user_id <> %s"
    assert ben.execute(others, [BEN]).fetchall() == [("APPROVED", "PUBLIC")]


def test_a_visitor_sees_some_columns_of_public_work(conninfo: str) -> None:
    with psycopg.connect(conninfo) as connection:
        columns = [
            name
            for (name,) in connection.execute(
                "SELECT attname FROM pg_attribute WHERE attrelid = 'public.submissions'::regclass"
                " AND attnum > 0"
            )
        ]
        connection.execute("SET ROLE anon")
        seen = set()
        for column in columns:
            try:
                with connection.transaction():
                    connection.execute(f"SELECT {column} FROM submissions".encode())
                seen.add(column)
            except errors.InsufficientPrivilege:
                pass
        assert seen == SHOWN
        rows = connection.execute("SELECT DISTINCT status, visibility FROM submissions").fetchall()
        assert rows == [("APPROVED", "PUBLIC")]
