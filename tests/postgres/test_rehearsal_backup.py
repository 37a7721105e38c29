"""A backup restores to the same facts and rows, and what it lacks is found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from support.upgrade import deployed_files, make_database, seed_files

from pytest_schema_parity.platforms import get_platform
from pytest_schema_parity.postgres.cluster import Cluster, start_cluster
from pytest_schema_parity.postgres.databases import (
    clone_database,
    create_database,
    drop_database,
)
from pytest_schema_parity.postgres.installation import Installation
from pytest_schema_parity.rehearsal.backup import (
    BackupPrograms,
    back_up_and_restore,
    find_backup_programs,
)


@pytest.fixture
def programs(installation: Installation) -> BackupPrograms:
    found = find_backup_programs(installation.major, installation.bindir)
    if found is None:
        pytest.skip(f"there is no pg_dump of PostgreSQL {installation.major} or newer")
    return found


@pytest.fixture(scope="module")
def deployed(supabase_cluster: Cluster) -> Iterator[str]:
    """The name of the deployed database with its rows."""
    make_database(supabase_cluster, "to_back_up", [*deployed_files(), *seed_files()])
    yield "to_back_up"
    drop_database(supabase_cluster, "to_back_up", force=True)


@pytest.fixture
def source(supabase_cluster: Cluster, deployed: str) -> Iterator[str]:
    """A copy of the deployed database."""
    yield clone_database(supabase_cluster, deployed, "backed_up")
    drop_database(supabase_cluster, "backed_up", force=True)


@pytest.fixture(scope="module")
def other_cluster(installation: Installation) -> Iterator[Cluster]:
    """Another cluster of the platform."""
    template = get_platform("supabase").template(installation)
    with start_cluster(installation, template=template, name="tests restored") as cluster:
        yield cluster


@pytest.fixture
def target(other_cluster: Cluster) -> Iterator[str]:
    """An empty database on another cluster of the platform."""
    target = create_database(other_cluster, "restored")
    with psycopg.connect(target) as connection:
        connection.execute("ALTER DATABASE restored OWNER TO postgres")
    yield target
    drop_database(other_cluster, "restored", force=True)


def test_a_backup_restores_to_the_same(
    programs: BackupPrograms, source: str, target: str, tmp_path: Path
) -> None:
    restored = back_up_and_restore(programs, source, target, tmp_path)
    assert restored.failure is None
    assert restored


def test_what_is_not_restored_is_found(
    programs: BackupPrograms, source: str, target: str, tmp_path: Path
) -> None:
    """A program that leaves the rows of a table and a schema out, in the place of pg_dump."""
    lossy = tmp_path / "pg_dump"
    lossy.write_text(
        f'#!/bin/sh\nexec "{programs.pg_dump}" --exclude-table-data=public.audit_log'
        f' --exclude-schema=realtime "$@"\n'
    )
    lossy.chmod(0o755)
    restored = back_up_and_restore(replace(programs, pg_dump=lossy), source, target, tmp_path)
    assert not restored
    assert {change.table for change in restored.changes} == {"public.audit_log"}
    assert ("schema", "realtime") in {(d.kind, d.name) for d in restored.differences}


def test_a_backup_that_does_not_restore_says_why(
    programs: BackupPrograms, source: str, target: str, tmp_path: Path
) -> None:
    with psycopg.connect(target) as connection:
        connection.execute("CREATE SCHEMA auth")
    restored = back_up_and_restore(programs, source, target, tmp_path)
    assert restored.failure is not None
    assert 'schema "auth" already exists' in restored.failure
    assert not restored


def test_what_no_dump_of_one_database_carries_is_not_missed(
    programs: BackupPrograms, source: str, target: str, tmp_path: Path
) -> None:
    """Settings, privileges and limits of the database and of roles are no fault of a backup."""
    with psycopg.connect(source, autocommit=True) as connection:
        for statement in (
            "ALTER DATABASE backed_up SET search_path = 'auth'",
            "ALTER DATABASE backed_up CONNECTION LIMIT 50",
            "GRANT TEMPORARY ON DATABASE backed_up TO anon",
            "ALTER ROLE anon IN DATABASE backed_up SET work_mem = '8MB'",
        ):
            connection.execute(statement.encode())
    restored = back_up_and_restore(programs, source, target, tmp_path)
    assert [(d.kind, d.name) for d in restored.differences] == []
    assert restored


def create_extensions(source: str, *statements: str) -> list[tuple[str, str]]:
    """Create extensions in the deployed database as ``postgres``; return them with their owners."""
    with psycopg.connect(source, autocommit=True) as connection:
        offered = {
            name for (name,) in connection.execute("SELECT name FROM pg_available_extensions")
        }
        if not {"pg_cron", "pgmq", "supabase_vault"} <= offered:
            pytest.skip("this server has no stand-ins for extensions")
        for statement in ("SET ROLE postgres", *statements):
            connection.execute(statement.encode())
        return connection.execute(
            "SELECT extname, extowner::regrole::text FROM pg_extension ORDER BY 1"
        ).fetchall()


def test_extensions_are_restored_as_the_role_that_owns_them(
    programs: BackupPrograms, source: str, target: str, tmp_path: Path
) -> None:
    """A dump has no owner of an extension, and scripts grant to the role that creates it."""
    owners = create_extensions(
        source,
        "CREATE EXTENSION pg_cron",
        "CREATE EXTENSION supabase_vault SCHEMA vault",
        "CREATE SCHEMA pgmq",
        "CREATE EXTENSION pgmq SCHEMA pgmq",
    )
    restored = back_up_and_restore(programs, source, target, tmp_path)
    assert restored.failure is None
    assert [str(d) for d in restored.differences] == []
    with psycopg.connect(target) as connection:
        assert (
            owners
            == connection.execute(
                "SELECT extname, extowner::regrole::text FROM pg_extension ORDER BY 1"
            ).fetchall()
        )
        assert connection.execute("SELECT FROM pg_event_trigger").fetchall() == []
        assert (
            connection.execute("SELECT FROM pg_proc WHERE proname ~ '^schema_parity'").fetchall()
            == []
        )


def test_an_extension_whose_owner_could_not_create_it_is_restored_all_the_same(
    programs: BackupPrograms, source: str, target: str, tmp_path: Path
) -> None:
    """A superuser made it and is none any more: the owner differs, as it is in no dump."""
    with psycopg.connect(source) as connection:
        found = connection.execute(
            "SELECT name FROM pg_available_extensions WHERE name = 'pg_stat_statements'"
        )
        if not found.fetchall():
            pytest.skip("this server has no pg_stat_statements")
    for conninfo, attribute in ((source, "SUPERUSER"), (target, "NOSUPERUSER")):
        with psycopg.connect(conninfo, autocommit=True) as connection:
            connection.execute(f"CREATE ROLE former {attribute}".encode())
    try:
        with psycopg.connect(source, autocommit=True) as connection:
            connection.execute("SET ROLE former")
            connection.execute("CREATE EXTENSION pg_stat_statements")
            connection.execute("RESET ROLE; ALTER ROLE former NOSUPERUSER")
        restored = back_up_and_restore(programs, source, target, tmp_path)
        assert restored.failure is None
        assert [str(d) for d in restored.differences] == []
    finally:
        with psycopg.connect(source, autocommit=True) as connection:
            connection.execute("DROP OWNED BY former CASCADE; DROP ROLE former")


def test_a_policy_that_was_added_to_the_table_of_an_extension_is_missed(
    programs: BackupPrograms, source: str, target: str, tmp_path: Path
) -> None:
    """No dump carries it: who restores the backup does lose it."""
    create_extensions(
        source,
        "CREATE EXTENSION pg_cron",
        "CREATE POLICY own ON cron.job FOR SELECT TO anon USING (true)",
    )
    restored = back_up_and_restore(programs, source, target, tmp_path)
    assert [str(d) for d in restored.differences] == ["missing policy cron.job.own"]


def test_no_password_is_among_the_arguments(
    programs: BackupPrograms, source: str, target: str, tmp_path: Path
) -> None:
    """Every user of a machine sees the arguments of all processes."""
    seen = tmp_path / "seen"
    told = {}
    for name, real in (("pg_dump", programs.pg_dump), ("pg_restore", programs.pg_restore)):
        told[name] = tmp_path / name
        told[name].write_text(
            f'#!/bin/sh\necho "$@" >>"{seen}"\necho "$PGPASSWORD" >>"{seen}.env"\n'
            f'exec "{real}" "$@"\n'
        )
        told[name].chmod(0o755)
    spying = replace(programs, pg_dump=told["pg_dump"], pg_restore=told["pg_restore"])
    conninfos = [make_conninfo(each, password="hunter 2") for each in (source, target)]
    assert back_up_and_restore(spying, *conninfos, tmp_path)
    assert "--dbname=" in seen.read_text()
    assert "hunter" not in seen.read_text()
    assert Path(f"{seen}.env").read_text() == "hunter 2\n" * 2


def test_a_program_that_takes_too_long_is_told_without_its_arguments(
    programs: BackupPrograms,
    source: str,
    target: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slow = tmp_path / "pg_dump"
    slow.write_text("#!/bin/sh\nexec sleep 30\n")
    slow.chmod(0o755)
    monkeypatch.setattr("pytest_schema_parity.rehearsal.backup._TIMEOUT", 0.2)
    restored = back_up_and_restore(replace(programs, pg_dump=slow), source, target, tmp_path)
    assert restored.failure == "pg_dump did not end within 0.2 s"


def test_an_older_pg_dump_is_not_taken(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside the server, in PATH and in the usual place are programs of PostgreSQL 9 only."""
    for name in ("pg_dump", "pg_restore"):
        (tmp_path / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) 9.6.24'\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr("pytest_schema_parity.rehearsal.backup._USUAL", tmp_path)
    assert find_backup_programs(installation.major, tmp_path) is None
