"""A server that is killed recovers what was committed, and nothing stays of it in the end."""

from __future__ import annotations

from contextlib import closing

import psycopg
import pytest

from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.postgres.cluster import attach_cluster, start_cluster
from pytest_schema_parity.postgres.installation import Installation


def test_what_was_committed_is_there_after_a_crash(installation: Installation) -> None:
    with start_cluster(installation, name="tests crash", durable=True) as cluster:
        first = cluster.socket_directory
        with closing(psycopg.connect(cluster.conninfo(), autocommit=True)) as connection:
            row = connection.execute("SHOW fsync").fetchone()
            assert row == ("on",)
            connection.execute("CREATE TABLE kept (id int)")
            connection.execute("BEGIN")
            connection.execute("CREATE TABLE open (id int)")
            cluster.crash()
        with psycopg.connect(cluster.conninfo()) as connection:
            found = connection.execute(
                "SELECT relname FROM pg_class WHERE relname ~ '^(kept|open)'"
            )
            assert found.fetchall() == [("kept",)]
        assert "automatic recovery in progress" in cluster.log.read_text()
        assert not first.exists()
        cluster.crash()
        last = cluster.socket_directory
    assert not last.exists()


def test_a_server_of_another_process_is_not_killed(installation: Installation) -> None:
    with (
        start_cluster(installation, name="tests crash") as cluster,
        attach_cluster(
            installation, superuser=cluster.superuser, path=cluster.socket_directory
        ) as borrowed,
        pytest.raises(ServerError, match="started here"),
    ):
        borrowed.crash()
