"""``superuser = false``: untrusted SQL cannot do anything outside its database."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from pytest_schema_parity.building import BuiltTree
from pytest_schema_parity.checks.open_parity import open_parity
from pytest_schema_parity.config import load_config
from pytest_schema_parity.platforms import PLATFORMS, get_platform
from pytest_schema_parity.postgres.cluster import start_cluster
from pytest_schema_parity.postgres.installation import Installation

CONFIGURATION = """\
reference = "plain"

[trees.plain]
files = ["made.sql"]

[trees.untrusted]
files = ["made.sql", {files}]
superuser = false
"""
MADE = """\
CREATE SCHEMA app;
CREATE TABLE app.users (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE orders (id int PRIMARY KEY, buyer int REFERENCES app.users);
CREATE VIEW buyers AS SELECT DISTINCT buyer FROM orders;
CREATE FUNCTION one() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
ALTER DATABASE postgres SET search_path = public, app;
GRANT SELECT ON orders TO PUBLIC;
"""
REFUSED = [
    "COPY (SELECT 1) TO PROGRAM 'cat'",
    "COPY orders FROM '/etc/passwd'",
    "COPY (SELECT 1) TO '/tmp/never'",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT pg_ls_dir('/')",
    "SELECT lo_import('/etc/passwd')",
    "CREATE EXTENSION file_fdw",
    "CREATE FUNCTION f() RETURNS int LANGUAGE internal AS 'pg_backend_pid'",
    "CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'libc', 'getpid'",
    "ALTER SYSTEM SET archive_command = 'true'",
    "ALTER DATABASE postgres SET session_preload_libraries = 'x'",
    "LOAD 'auto_explain'",
    "CREATE ROLE mighty SUPERUSER",
    "ALTER ROLE postgres SUPERUSER",
    "SET ROLE schema_parity_admin",
    "SET SESSION AUTHORIZATION pg_schema_parity",
    "GRANT pg_execute_server_program TO postgres",
    "CREATE ROLE helper CREATEROLE; SET ROLE helper; GRANT pg_execute_server_program TO helper",
    "CREATE SUBSCRIPTION s CONNECTION 'host=x' PUBLICATION p WITH (connect = false)",
]
SUPERUSERS_PROGRAM = """\
CREATE FUNCTION run_a_program() RETURNS bool LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        COPY (SELECT 1) TO PROGRAM 'cat > {file}';
    END IF;
    RETURN true;
END $$;
"""
MARKS = """\
DROP TABLE schema_parity_marks.marks;
CREATE VIEW schema_parity_marks.marks AS
SELECT 0 AS file, 1 AS line, pg_current_xact_id() AS transaction, '0'::cid AS cmin
WHERE run_a_program() AND 1 / (current_user <> 'postgres')::int = 1;
"""
EXTENSION = """\
CREATE FUNCTION format(text, text, text) RETURNS text LANGUAGE sql AS $$
    SELECT run_a_program()::text;
    SELECT pg_catalog.format($1, $2, $3)
$$;
CREATE EXTENSION pgcrypto;
"""
VAULT = """\
CREATE SCHEMA vault;
CREATE FUNCTION vault.convert_to(text, text) RETURNS bytea LANGUAGE sql AS $$
    SELECT public.run_a_program();
    SELECT pg_catalog.convert_to($1, 'utf8')
$$;
CREATE EXTENSION supabase_vault;
SELECT vault.update_secret(vault.create_secret('x'), 'y');
"""
CRON = """\
CREATE EXTENSION pg_cron;
CREATE DOMAIN pg_temp.text AS pg_catalog.text CHECK (public.run_a_program());
CREATE DOMAIN pg_temp.int4 AS pg_catalog.int4 CHECK (public.run_a_program());
SELECT cron.schedule('a', '*/5 1-2 * jan mon', 'SELECT 1');
SELECT cron.alter_job(1, '@daily');
SELECT cron.unschedule('a');
"""
FOREIGN_KEY = """\
CREATE EXTENSION pg_cron;
CREATE TYPE evil AS ENUM ('a');
CREATE FUNCTION to_number(evil) RETURNS bigint LANGUAGE sql AS 'SELECT public.run_a_program()::int';
CREATE CAST (evil AS bigint) WITH FUNCTION to_number(evil) AS IMPLICIT;
CREATE TABLE referring (e evil REFERENCES cron.job_run_details (runid));
INSERT INTO cron.job_run_details (runid, username) VALUES (1, current_user);
INSERT INTO referring VALUES ('a');
"""

Build = Callable[..., BuiltTree]


@pytest.fixture
def build(installation: Installation) -> Iterator[Build]:
    """Build a trusted tree and an untrusted one with further files; returns the second."""
    with tempfile.TemporaryDirectory(dir="/tmp") as directory, ExitStack() as stack:

        def write_and_build(*untrusted: str) -> BuiltTree:
            here = Path(directory)
            files = [f"{number}.sql" for number in range(len(untrusted))]
            for file, text in zip(files, untrusted, strict=True):
                (here / file).write_text(text)
            (here / "made.sql").write_text(MADE)
            listed = ", ".join(f'"{file}"' for file in files)
            (here / "schema-parity.toml").write_text(CONFIGURATION.replace("{files}", listed))
            config = load_config(here / "schema-parity.toml")
            assert config is not None
            parity = open_parity(config, bindir=installation.bindir)
            stack.callback(parity.trees.close)
            return parity.trees["untrusted"]

        yield write_and_build


def test_what_an_owner_can_do_has_the_same_result(build: Build) -> None:
    built = build("SELECT 1")
    assert built.applied.failures == ()
    assert list(built.comparison) == []
    made = built.schema[("table", "app.users")].origin.made
    assert made is not None
    assert made.line == 2
    with built.clone() as clone, clone.connect() as connection:
        connection.execute("INSERT INTO app.users VALUES (1, 'a')")
        row = connection.execute("SELECT usesuper FROM pg_user WHERE usename = current_user")
        assert row.fetchone() == (False,)


def test_everything_else_fails_and_the_other_files_are_applied(build: Build) -> None:
    built = build(*(f"-- who knows\n{statement};\n" for statement in REFUSED))
    failures = {failure.file: failure for failure in built.applied.failures}
    done = [sql for number, sql in enumerate(REFUSED) if f"{number}.sql" not in failures]
    assert done == []
    assert {(one.line, one.sqlstate) for one in failures.values()} == {(2, "42501")}
    assert list(built.comparison) == []


@pytest.mark.parametrize(
    "trap",
    [MARKS, EXTENSION, VAULT, CRON, FOREIGN_KEY],
    ids=["origins", "extension", "vault", "cron", "foreign key"],
)
def test_our_superuser_runs_no_code_of_the_tree(
    build: Build, installation: Installation, trap: str
) -> None:
    needed = {"pg_cron", "supabase_vault"} if trap in (VAULT, CRON, FOREIGN_KEY) else set()
    if needed - set(get_platform("none").stand_ins(installation)):
        pytest.skip(f"{installation.bindir} cannot have a stand-in")
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:
        Path(directory).chmod(0o1777)
        mark = Path(directory, "ran")
        built = build(SUPERUSERS_PROGRAM.format(file=mark), trap)
        assert not mark.exists()
        refused = [(each.line, each.sqlstate) for each in built.applied.failures]
        assert refused == ([(5, "42501")] if trap == FOREIGN_KEY else [])
        with psycopg.connect(built.target.host.maintenance_conninfo("postgres")) as connection:
            connection.execute("SELECT public.run_a_program()")
        assert mark.exists(), "a superuser would have run the program"


@pytest.mark.parametrize("name", PLATFORMS)
def test_the_role_cannot_become_a_more_powerful_one(installation: Installation, name: str) -> None:
    platform = get_platform(name, superuser=False)
    with (
        start_cluster(installation, template=platform.template(installation)) as cluster,
        psycopg.connect(cluster.conninfo(user=platform.role)) as connection,
    ):
        reached = connection.execute(
            "SELECT rolname, rolsuper, rolreplication, rolcreaterole FROM pg_roles"
            " WHERE pg_has_role(oid, 'member') ORDER BY 1"
        ).fetchall()
        reads = {"pg_monitor", "pg_read_all_data", "pg_read_all_settings", "pg_read_all_stats"}
        more = {role for role, *_ in reached if role.startswith("pg_")}
        assert more <= reads | {"pg_stat_scan_tables", "pg_signal_backend", "pg_database_owner"}
        assert not any(superuser or replication for _, superuser, replication, _ in reached)
        if installation.major < 16:
            assert not any(creates for *_, creates in reached)
