"""Back up the deployed database and restore it into another cluster: the same facts and rows."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from pytest_schema_parity.catalog import read_schema
from pytest_schema_parity.postgres.conninfo import Conninfo, open_connection
from pytest_schema_parity.postgres.databases import create_database
from pytest_schema_parity.postgres.host import Host
from pytest_schema_parity.rehearsal.data import DataChange, compare_data
from pytest_schema_parity.rehearsal.extension_owners import create_extensions_as_owners
from pytest_schema_parity.schema.compare import compare
from pytest_schema_parity.schema.difference import Difference
from pytest_schema_parity.schema.facts import Schema
from pytest_schema_parity.showing import printable_lines, redact

_VERSION: Final = re.compile(r"\(PostgreSQL\) (\d+)")
_USUAL: Final = Path("/usr/lib/postgresql")
_OWNER: Final = """
SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()
"""
_ROLES: Final = """
SELECT rolname, format(
    'CREATE ROLE %I %s %s %s %s %s %s %s', rolname,
    CASE WHEN rolsuper THEN 'SUPERUSER' ELSE 'NOSUPERUSER' END,
    CASE WHEN rolinherit THEN 'INHERIT' ELSE 'NOINHERIT' END,
    CASE WHEN rolcreaterole THEN 'CREATEROLE' ELSE 'NOCREATEROLE' END,
    CASE WHEN rolcreatedb THEN 'CREATEDB' ELSE 'NOCREATEDB' END,
    CASE WHEN rolcanlogin THEN 'LOGIN' ELSE 'NOLOGIN' END,
    CASE WHEN rolreplication THEN 'REPLICATION' ELSE 'NOREPLICATION' END,
    CASE WHEN rolbypassrls THEN 'BYPASSRLS' ELSE 'NOBYPASSRLS' END
)
FROM pg_roles WHERE rolname NOT LIKE 'pg\\_%' ORDER BY 1
"""
_MEMBERS: Final = """
SELECT m.rolname, format('GRANT %I TO %I', r.rolname, m.rolname)
FROM pg_auth_members AS a
JOIN pg_roles AS r ON r.oid = a.roleid
JOIN pg_roles AS m ON m.oid = a.member
ORDER BY 1, 2
"""
_NOT_DUMPED: Final = frozenset({"database", "role"})
"""The kinds of facts that ``pg_dump`` of one database leaves out, with their children."""
_TIMEOUT: Final = 600.0
"""Seconds that a program may take."""


@dataclass(frozen=True, slots=True)
class BackupPrograms:
    """``pg_dump`` and ``pg_restore`` of one major version."""

    pg_dump: Path
    pg_restore: Path
    major: int


@dataclass(frozen=True, slots=True)
class Restored:
    """How a restored backup differs from the original; false if it does.

    ``failure`` is the error of ``pg_dump`` or ``pg_restore``.
    """

    failure: str | None = None
    differences: tuple[Difference, ...] = ()
    changes: tuple[DataChange, ...] = ()

    def __bool__(self) -> bool:
        return not (self.failure or self.differences or self.changes)


def find_backup_programs(major: int, bindir: Path | None = None) -> BackupPrograms | None:
    """The programs for backups of a server: its own, else of the same or the next newer major.

    Looks beside the server (``bindir``), in PATH and in /usr/lib/postgresql. None if not
    found: an older pg_dump refuses a newer server.
    """
    own = None if bindir is None else _programs(bindir)
    if own is not None and own.major == major:
        return own
    found = [programs for directory in _directories() if (programs := _programs(directory))]
    usable = [programs for programs in found if programs.major >= major]
    return min(usable, key=lambda programs: programs.major, default=None)


def make_restore_target(source: Host, database: str, target: Host, prefix: str) -> Conninfo:
    """Create an empty database on another host, as the target of a restore; return its conninfo.

    It has the same owner; roles that its host lacks are created, as by ``pg_dumpall --roles-only``:
    a backup of one database has none.  Raises ServerError, psycopg.Error.
    """
    name = f"{prefix}restored"
    with closing(open_connection(source.conninfo(database))) as connection:
        owner = connection.execute(_OWNER).fetchone()
        roles = connection.execute(_ROLES.encode()).fetchall()
        members = connection.execute(_MEMBERS.encode()).fetchall()
    create_database(target, name)
    with closing(open_connection(target.conninfo(name))) as connection:
        known = {role for (role,) in connection.execute("SELECT rolname FROM pg_roles")}
        for role, statement in roles:
            if role not in known:
                connection.execute(statement)
        for role, statement in members:
            if role not in known:
                connection.execute(statement)
        if owner is not None:
            change = sql.SQL("ALTER DATABASE {} OWNER TO {}")
            connection.execute(change.format(sql.Identifier(name), sql.Identifier(owner[0])))
    return target.conninfo(name)


def back_up_and_restore(
    programs: BackupPrograms, source: str, target: str, directory: Path
) -> Restored:
    """Back a database up and restore it into an empty one, on a server with the same roles.

    Such a backup contains neither roles nor the database itself, with its settings and privileges:
    these are not compared, nor are the owners of extensions. ``source`` and ``target`` are
    conninfos of superusers; the backup is written to ``directory``. Raises psycopg.Error if a
    database cannot be read.
    """
    file = directory / "backup.dump"
    commands = (
        (source, [str(programs.pg_dump), "--format=custom", f"--file={file}"]),
        (target, [str(programs.pg_restore), "--exit-on-error", str(file)]),
    )
    with create_extensions_as_owners(source, target):
        for conninfo, command in commands:
            if (failure := _failure_of(command, conninfo)) is not None:
                return Restored(failure)
    differences = compare(_facts_in_dump(read_schema(source)), _facts_in_dump(read_schema(target)))
    return Restored(
        None,
        # No dump has the owner of an extension: it differs where that role could not create it.
        tuple(one for one in differences if (one.kind, one.attribute) != ("extension", "owner")),
        tuple(compare_data(source, target, exact=True)),
    )


def _facts_in_dump(schema: Schema) -> Schema:
    """The facts that a dump of one database contains."""
    kept = (
        fact
        for fact in schema
        if fact.kind not in _NOT_DUMPED and not (fact.parent and fact.parent[0] in _NOT_DUMPED)
    )
    return Schema(kept, version=schema.version, platform=schema.platform)


def _failure_of(command: list[str], conninfo: str) -> str | None:
    """Run a program; return its error if it fails, without secrets, else None.

    The password is given in the environment: every user of the machine can read the arguments.
    """
    given = conninfo_to_dict(conninfo)
    password = given.pop("password", None)
    environment = os.environ if password is None else os.environ | {"PGPASSWORD": str(password)}
    name = Path(command[0]).name
    try:
        done = subprocess.run(
            [*command, f"--dbname={make_conninfo('', **given)}"],
            capture_output=True,
            text=True,
            check=False,
            timeout=_TIMEOUT,
            errors="replace",
            env=environment,
        )
    except subprocess.TimeoutExpired:  # its text shows the whole command
        return f"{name} did not end within {_TIMEOUT:g} s"
    if done.returncode == 0:
        return None
    return printable_lines(redact(done.stderr.strip())) or f"{name} exited with {done.returncode}"


def _directories() -> Iterator[Path]:
    path = shutil.which("pg_dump")
    if path is not None:
        yield Path(os.path.realpath(path)).parent
        yield Path(path).parent
    yield from sorted(_USUAL.glob("*/bin"))


def _programs(directory: Path) -> BackupPrograms | None:
    """The programs in a directory, if both are there and their version is known."""
    pg_dump, pg_restore = directory / "pg_dump", directory / "pg_restore"
    if not (os.access(pg_dump, os.X_OK) and os.access(pg_restore, os.X_OK)):
        return None
    try:
        output = subprocess.run(
            [str(pg_dump), "--version"], capture_output=True, text=True, check=False, timeout=10
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = _VERSION.search(output)
    return BackupPrograms(pg_dump, pg_restore, int(version[1])) if version else None
