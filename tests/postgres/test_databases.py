"""Create, clone and drop databases on a running cluster."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.postgres.cluster import Cluster
from pytest_schema_parity.postgres.databases import clone_database, create_database, drop_database

HOSTILE = [
    'with "quotes"',
    "with 'apostrophes' and \\ backslash",
    "UPPER lower",
    "füñf ☃",
    "n" * 63,
    "%s %(name)s {} =",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_database_name_can_have_any_characters(cluster: Cluster, name: str) -> None:
    copy = name[:-1] + "2"
    with psycopg.connect(create_database(cluster, name)) as connection:
        connection.execute("CREATE TABLE kept (id int)")
    with psycopg.connect(clone_database(cluster, name, copy)) as connection:
        assert connection.info.dbname == copy
        connection.execute("INSERT INTO kept VALUES (1)")
    for each in (name, copy):
        drop_database(cluster, each)
    assert not {name, copy} & databases_of(cluster)


def test_a_clone_does_not_change_its_source(cluster: Cluster, database: str) -> None:
    source = name_of(database)
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TABLE counted AS SELECT 1 AS n")
    with psycopg.connect(clone_database(cluster, source, "its_clone")) as connection:
        connection.execute("INSERT INTO counted VALUES (2)")
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT array_agg(n) FROM counted").fetchone() == ([1],)
    drop_database(cluster, "its_clone")


def test_a_clone_has_the_settings_of_its_source(cluster: Cluster, database: str) -> None:
    source = name_of(database)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {source} SET search_path = 'far away'")
        connection.execute(f"ALTER ROLE postgres IN DATABASE {source} SET work_mem = '7MB'")
        connection.execute(f"ALTER DATABASE {source} OWNER TO postgres")
        connection.execute(f"GRANT CREATE ON DATABASE {source} TO pg_monitor")
    with psycopg.connect(clone_database(cluster, source, "with_settings")) as connection:
        assert connection.execute("SHOW search_path").fetchone() == ('"far away"',)
        assert connection.execute("SHOW work_mem").fetchone() == ("7MB",)
        row = connection.execute(
            "SELECT datdba::regrole::text, has_database_privilege('pg_monitor', datname, 'CREATE')"
            " FROM pg_database WHERE datname = 'with_settings'"
        ).fetchone()
        assert row == ("postgres", True)
    drop_database(cluster, "with_settings")
    with psycopg.connect(clone_database(cluster, "template0", "with_settings")) as connection:
        assert connection.execute("SHOW work_mem").fetchone() == ("4MB",)
    drop_database(cluster, "with_settings")


def test_a_database_in_use_is_not_cloned_and_no_client_is_disconnected(
    cluster: Cluster, database: str
) -> None:
    source = name_of(database)
    with psycopg.connect(database) as user:
        with pytest.raises(ServerError, match=r"while a client is connected to it: .*process \d+"):
            clone_database(cluster, source, "never_made")
        assert user.execute("SELECT 1").fetchone() == (1,)
    assert "never_made" not in databases_of(cluster)


def test_a_database_in_use_is_dropped_only_with_force(cluster: Cluster) -> None:
    with psycopg.connect(create_database(cluster, "in_use")) as user:
        with pytest.raises(ServerError, match="cannot be dropped while a client is connected"):
            drop_database(cluster, "in_use")
        drop_database(cluster, "in_use", force=True)
        with pytest.raises(psycopg.OperationalError):
            user.execute("SELECT 1")


def test_dropping_a_missing_database_is_no_error(cluster: Cluster) -> None:
    drop_database(cluster, "never made")


def test_the_error_of_a_failed_clone_has_the_reason(cluster: Cluster) -> None:
    with pytest.raises(ServerError, match='"no_such" does not exist'):
        clone_database(cluster, "no_such", "never_made")


def test_many_databases_can_be_made_at_once(cluster: Cluster, database: str) -> None:
    names = [f"at_once_{number}" for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: create_database(cluster, name), names[:4]))
        list(pool.map(lambda name: clone_database(cluster, name_of(database), name), names[4:]))
        assert set(names) <= databases_of(cluster)
        list(pool.map(lambda name: drop_database(cluster, name), names))


def name_of(conninfo: str) -> str:
    return str(psycopg.conninfo.conninfo_to_dict(conninfo)["dbname"])


def databases_of(cluster: Cluster) -> set[str]:
    with psycopg.connect(cluster.conninfo()) as connection:
        return {name for (name,) in connection.execute("SELECT datname FROM pg_database")}
