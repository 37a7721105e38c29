"""PG* variables never lead our connections to another server."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.migrations.apply import apply_tree
from pytest_schema_parity.migrations.tree import load_tree
from pytest_schema_parity.postgres import address, base_directories
from pytest_schema_parity.postgres.cluster import Cluster, start_cluster
from pytest_schema_parity.postgres.databases import clone_database, create_database, drop_database
from pytest_schema_parity.postgres.installation import Installation
from pytest_schema_parity.postgres.template import ClusterTemplate

NONSENSE = {
    "PGHOST": "nowhere.invalid",
    "PGPORT": "1",
    "PGDATABASE": "none",
    "PGUSER": "none",
    "PGPASSWORD": "none",
    "PGPASSFILE": "/nowhere",
    "PGDATA": "/nowhere",
    "PGOPTIONS": "-c no_such_setting=1",
    "PGAPPNAME": "none",
    "PGCLIENTENCODING": "SQL_ASCII",
    "PGCONNECT_TIMEOUT": "none",
    "PGTARGETSESSIONATTRS": "standby",
    "PGLOADBALANCEHOSTS": "none",
    "PGREQUIREAUTH": "scram-sha-256",
    "PGREQUIREPEER": "none",
    "PGCHANNELBINDING": "require",
    "PGGSSENCMODE": "require",
    "PGSSLMODE": "verify-full",
    "PGSSLNEGOTIATION": "direct",
    "PGSSLROOTCERT": "system",
    "PGSSLCERTMODE": "require",
    "PGSSLCERT": "/nowhere",
    "PGSSLMINPROTOCOLVERSION": "none",
    "PGSSLMAXPROTOCOLVERSION": "none",
    "PGMINPROTOCOLVERSION": "none",
    "PGMAXPROTOCOLVERSION": "none",
    "PGTZ": "Asia/Tokyo",
    "PGDATESTYLE": "SQL, DMY",
    "PGGEQO": "off",
    "TZ": "Asia/Tokyo",
    "LC_ALL": "xx_YY.UTF-8",
}


class OtherServer:
    """A server that is not ours, which also listens on the network: at ``hostaddr``, port 5432."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        number = os.getpid()
        self.hostaddr = f"127.66.{number >> 8 & 255}.{number & 255}"
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._listener.bind((self.hostaddr, base_directories.PORT))
        except OSError:
            pytest.skip("this system has one loopback address only, or that port is taken")
        self._listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        path = self.cluster.socket_directory / f".s.PGSQL.{base_directories.PORT}"
        while True:
            client, _ = self._listener.accept()
            server = socket.socket(socket.AF_UNIX)
            server.connect(str(path))
            for source, target in ((client, server), (server, client)):
                threading.Thread(target=forward, args=(source, target), daemon=True).start()

    def names(self) -> set[str]:
        """The names of its tables, databases, schemas and roles."""
        with psycopg.connect(self.cluster.conninfo()) as connection:
            rows = connection.execute(
                "SELECT relname FROM pg_class UNION SELECT datname FROM pg_database"
                " UNION SELECT nspname FROM pg_namespace UNION SELECT rolname FROM pg_roles"
            ).fetchall()
        return {name for (name,) in rows}


def forward(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


@pytest.fixture(scope="module")
def other_server(installation: Installation) -> Iterator[OtherServer]:
    """A server that must not be changed, reachable by socket and by address."""
    with start_cluster(installation, name="other_server") as cluster:
        yield OtherServer(cluster)


@pytest.fixture(params=["PGHOST", "PGHOSTADDR", "PGSERVICE"])
def server_in_environment(
    request: pytest.FixtureRequest,
    other_server: OtherServer,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> OtherServer:
    """The other server, with one of the variables that lead a client to it."""
    services = tmp_path / "services"
    services.write_text(
        f"[theirs]\nhostaddr={other_server.hostaddr}\nreplication=database\nuser=postgres\n"
        "options=-c no_such_setting=1\nsslmode=verify-full\nrequire_auth=md5\n"
    )
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    ways = {
        "PGHOST": str(other_server.cluster.socket_directory),
        "PGHOSTADDR": other_server.hostaddr,
        "PGSERVICE": "theirs",
    }
    monkeypatch.setenv(request.param, ways[request.param])
    return other_server


def test_pghostaddr_leads_a_client_to_the_other_server(
    other_server: OtherServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client without our precautions connects to it: the tests below can fail."""
    monkeypatch.setenv("PGHOSTADDR", other_server.hostaddr)
    conninfo = f"host=/nowhere port={base_directories.PORT} user=postgres dbname=postgres"
    with psycopg.connect(conninfo) as connection:
        there = connection.execute("SHOW data_directory").fetchone()
    assert there == (str(other_server.cluster.data_directory),)


def test_nothing_is_made_on_the_server_in_the_environment(
    installation: Installation, server_in_environment: OtherServer, tmp_path: Path
) -> None:
    (tmp_path / "a.sql").write_text("CREATE TABLE stray (id int); CREATE ROLE stray_role")
    tree = load_tree("a", root=tmp_path, files=["a.sql"])
    script = tmp_path / "script.sql"
    script.write_text("CREATE ROLE stray_script_role")
    before = server_in_environment.names()
    template = ClusterTemplate("astray", scripts=(script,))
    with start_cluster(installation, template=template, name="ours") as cluster:
        conninfo = create_database(cluster, "stray_database")
        assert apply_tree(tree, conninfo).failures == ()
        with psycopg.connect(clone_database(cluster, "stray_database", "stray_clone")) as client:
            assert client.execute("SELECT to_regclass('stray') IS NOT NULL").fetchone() == (True,)
        drop_database(cluster, "stray_database")
        assert server_in_environment.names() == before
        if installation.major < 18:  # its libpq does not know every keyword that psycopg's knows
            return
        dump = [installation.binary("pg_dump"), "-s", "-d", cluster.conninfo("stray_clone")]
        done = subprocess.run(dump, capture_output=True, text=True, check=True)
        assert "CREATE TABLE public.stray" in done.stdout


def test_a_connection_to_the_wrong_server_is_noticed_before_anything_is_done(
    installation: Installation, other_server: OtherServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(address, "_NEUTRAL_VALUES", {})
    monkeypatch.setenv("PGHOSTADDR", other_server.hostaddr)
    before = other_server.names()
    with pytest.raises(ServerError, match=r"reached another one.*PGHOSTADDR"):
        start_cluster(installation, name="astray")
    assert other_server.names() == before


def test_settings_in_the_environment_have_no_effect(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in NONSENSE.items():
        monkeypatch.setenv(name, value)
    show = " || ' ' || ".join(
        f"current_setting('{name}')" for name in ("TimeZone", "DateStyle", "geqo")
    )
    (tmp_path / "a.sql").write_text(f"CREATE TABLE a AS SELECT {show} AS shown")
    (tmp_path / "b.sql").write_text(f"CREATE TABLE b AS SELECT {show} AS shown")
    tree = load_tree("a", root=tmp_path, files=["a.sql", "b.sql"])
    with start_cluster(installation, name="environment") as cluster:
        assert apply_tree(tree, cluster.conninfo()).failures == ()
        with psycopg.connect(cluster.conninfo()) as connection:
            rows = connection.execute("SELECT shown FROM a UNION ALL SELECT shown FROM b")
            assert rows.fetchall() == [("UTC ISO, MDY on",)] * 2
            assert connection.info.encoding == "utf-8"


def test_the_setting_of_a_tree_overrides_the_environment(
    database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PGTZ", "Asia/Tokyo")
    name = conninfo_to_dict(database)["dbname"]
    (tmp_path / "a.sql").write_text(f"ALTER DATABASE {name} SET timezone = 'Europe/Berlin'")
    (tmp_path / "b.sql").write_text("CREATE TABLE b AS SELECT current_setting('timezone') AS zone")
    tree = load_tree("a", root=tmp_path, files=["a.sql", "b.sql"])
    assert apply_tree(tree, database).failures == ()
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT zone FROM b").fetchone() == ("Europe/Berlin",)


@pytest.mark.parametrize(("name", "value"), [("PGSERVICE", "no such"), ("PGTZ", "No/Where")])
def test_the_error_names_a_variable_that_cannot_be_overridden(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ServerError, match=rf"(?s)cannot connect.*Unset.*{name}"):
        start_cluster(installation, name="unreachable")
