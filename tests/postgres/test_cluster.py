"""Start and stop clusters: their settings, and that stopping removes everything."""

from __future__ import annotations

import os
import stat
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.postgres.cluster import Cluster, start_cluster
from pytest_schema_parity.postgres.installation import Installation
from pytest_schema_parity.postgres.template import ClusterTemplate

BASE_DIRECTORIES = "pytest_schema_parity.postgres.base_directories.base_directories"


def ask(cluster: Cluster, query: str, dbname: str = "postgres") -> object:
    with psycopg.connect(cluster.conninfo(dbname), autocommit=True) as connection:
        cursor = connection.execute(query.encode())
        return cursor.fetchall()[0][0] if cursor.description else None


def test_it_runs_the_given_installation(cluster: Cluster, installation: Installation) -> None:
    assert str(ask(cluster, "SHOW server_version")).split()[0] == installation.version
    assert ask(cluster, "SELECT current_user") == cluster.superuser == "postgres"


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("fsync", "off"),
        ("autovacuum", "off"),
        ("listen_addresses", ""),
        ("timezone", "UTC"),
        ("server_encoding", "UTF8"),
        ("cluster_name", "tests"),
    ],
)
def test_settings(cluster: Cluster, setting: str, value: str) -> None:
    assert ask(cluster, f"SHOW {setting}") == value


def test_it_sorts_by_code_point(cluster: Cluster) -> None:
    sorted_names = ask(
        cluster, "SELECT array_agg(x ORDER BY x) FROM unnest('{b,a,B,é,_}'::text[]) x"
    )
    assert sorted_names == ["B", "_", "a", "b", "é"]


def test_only_its_owner_can_search_the_socket_directory(cluster: Cluster) -> None:
    assert stat.S_IMODE(cluster.socket_directory.stat().st_mode) == 0o700
    assert stat.S_IMODE(cluster.data_directory.stat().st_mode) == 0o700


def test_psql_connects(cluster: Cluster) -> None:
    psql = cluster.installation.binary("psql")
    command = [psql, "-XAtc", "SELECT 6 * 7", "-d", cluster.conninfo()]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "42\n"


@pytest.mark.campaign
def test_many_tables_fit_into_one_transaction(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute(
            "DO $$ BEGIN FOR n IN 1..1500 LOOP EXECUTE"
            " format('CREATE TABLE t%s (id serial PRIMARY KEY, name text UNIQUE)', n);"
            " END LOOP; END $$"
        )


def test_stopping_removes_everything_and_can_be_repeated(installation: Installation) -> None:
    cluster = start_cluster(installation, name="stopped")
    postmaster = postmaster_of(cluster)
    cluster.stop()
    assert not cluster.socket_directory.exists()
    assert not is_running(postmaster)
    cluster.stop()


def test_stopping_does_not_wait_for_clients(installation: Installation) -> None:
    with start_cluster(installation, name="used") as cluster:
        client = psycopg.connect(cluster.conninfo())
        client.execute("CREATE TABLE held (id int)")
    assert not cluster.socket_directory.exists()
    with pytest.raises(psycopg.OperationalError):
        client.execute("SELECT 1")
    client.close()


def test_an_error_in_the_with_block_stops_it(installation: Installation) -> None:
    with pytest.raises(ZeroDivisionError), start_cluster(installation, name="failing") as cluster:
        raise ZeroDivisionError
    assert not cluster.socket_directory.exists()


def test_two_clusters_can_start_at_once_and_share_no_roles(installation: Installation) -> None:
    with ThreadPoolExecutor() as pool:
        one, two = pool.map(lambda name: start_cluster(installation, name=name), ("one", "two"))
    with one, two:
        for cluster in (one, two):
            ask(cluster, "CREATE ROLE app")
        assert [ask(one, "SHOW cluster_name"), ask(two, "SHOW cluster_name")] == ["one", "two"]


@pytest.mark.parametrize("name", ["", 'it\'s "quoted" $(exit 1); `exit 1`', "n" * 200, "füñf ☃"])
def test_a_cluster_name_can_have_any_characters(installation: Installation, name: str) -> None:
    with start_cluster(installation, name=name) as cluster:
        assert ask(cluster, "SELECT 1") == 1


def test_a_temporary_directory_with_a_long_path_is_skipped(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    monkeypatch.setenv("TMPDIR", str(deep))
    monkeypatch.setattr("pytest_schema_parity.postgres.base_directories._free", free_in_tmp_only)
    with start_cluster(installation, name="deep") as cluster:
        assert cluster.socket_directory.parent == Path("/tmp")


def test_a_template_has_a_superuser_settings_and_scripts(
    installation: Installation, tmp_path: Path
) -> None:
    script = tmp_path / "roles 'n' tables.sql"
    script.write_bytes("CREATE ROLE app LOGIN; CREATE TABLE \"füñf\" AS SELECT '%s' AS x".encode())
    template = ClusterTemplate(
        "logical", superuser="The Boss", scripts=(script,), settings={"wal_level": "logical"}
    )
    for _ in range(2):  # made, then from the cache
        with start_cluster(installation, template=template, name="template") as cluster:
            assert ask(cluster, "SELECT current_user") == "The Boss"
            assert ask(cluster, "SHOW wal_level") == "logical"
            assert ask(cluster, 'SELECT x FROM "füñf"') == "%s"
            with psycopg.connect(cluster.conninfo(user="app")) as connection:
                assert connection.info.user == "app"


def test_a_template_offers_extensions(installation: Installation, tmp_path: Path) -> None:
    if not installation.can_load_extensions_from:
        pytest.skip("extension_control_path came with PostgreSQL 18")
    extension = tmp_path / "share" / "extension"
    extension.mkdir(parents=True)
    (extension / "answer.control").write_text("default_version = '1.0'\nrelocatable = true\n")
    body = "CREATE FUNCTION answer() RETURNS int LANGUAGE sql RETURN 42;\n"
    (extension / "answer--1.0.sql").write_text(body)
    template = ClusterTemplate("extended", extension_directories=(tmp_path / "share",))
    with start_cluster(installation, template=template, name="extended") as cluster:
        ask(cluster, "CREATE EXTENSION answer")
        assert ask(cluster, "SELECT answer()") == 42
        assert ask(cluster, "SELECT 1 FROM pg_available_extensions WHERE name = 'plpgsql'") == 1


def test_the_error_of_a_script_has_its_file_and_line(
    installation: Installation, tmp_path: Path
) -> None:
    script = tmp_path / "faulty.sql"
    script.write_text("CREATE TABLE a (id int);\n\nSELECT 'é', nothing FROM a;\n")
    with pytest.raises(ServerError, match=r'faulty\.sql:3: column "nothing" does not exist'):
        start_cluster(
            installation, template=ClusterTemplate("faulty", scripts=(script,)), name="faulty"
        )


def test_if_the_server_does_not_start_the_error_has_its_log_and_nothing_is_left(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = ClusterTemplate("absurd", settings={"shared_buffers": "plenty"})
    with tempfile.TemporaryDirectory(dir="/tmp") as base:
        Path(base).chmod(0o1777)
        monkeypatch.setattr(BASE_DIRECTORIES, lambda: [Path(base)])
        with pytest.raises(ServerError, match='for parameter "shared_buffers": "plenty"'):
            start_cluster(installation, template=template, name="absurd")
        assert list(Path(base).iterdir()) == []


def free_in_tmp_only(base: Path) -> int:
    """Free space, as if every base directory but /tmp were full."""
    return 2**62 if base == Path("/tmp") else 0


def postmaster_of(cluster: Cluster) -> int:
    return int((cluster.data_directory / "postmaster.pid").read_text().split()[0])


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
