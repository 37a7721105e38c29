"""A backup of what is deployed, restored into another cluster: the same facts and rows."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pytest_schema_parity.catalog import read_schema
from pytest_schema_parity.postgres.installation import Installation
from pytest_schema_parity.rehearsal.data import DataChange, compare_data
from pytest_schema_parity.schema.compare import compare
from pytest_schema_parity.schema.difference import Difference
from pytest_schema_parity.showing import printable_lines, redact

_VERSION: Final = re.compile(r"\(PostgreSQL\) (\d+)")
_USUAL: Final = Path("/usr/lib/postgresql")
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
    """What a restored backup lacks. It is false if there is anything.

    ``failure`` is what a program complained of.
    """

    failure: str | None = None
    differences: tuple[Difference, ...] = ()
    changes: tuple[DataChange, ...] = ()

    def __bool__(self) -> bool:
        return not (self.failure or self.differences or self.changes)


def find_backup_programs(installation: Installation) -> BackupPrograms | None:
    """The programs for backups of a server: its own, else of the same or the next newer major.

    Looks beside the server, in PATH and in /usr/lib/postgresql. None where there are none: an older
    pg_dump refuses a newer server.
    """
    own = _programs(installation.binary("pg_dump").parent)
    if own is not None and own.major == installation.major:
        return own
    found = [programs for directory in _directories() if (programs := _programs(directory))]
    usable = [programs for programs in found if programs.major >= installation.major]
    return min(usable, key=lambda programs: programs.major, default=None)


def back_up_and_restore(
    programs: BackupPrograms, source: str, target: str, directory: Path
) -> Restored:
    """Back a database up and restore it into an empty one, on a server with the same roles.

    Owner and settings of the database itself are in no such backup: the target has its own.
    ``source`` and ``target`` are the conninfos of superusers, ``directory`` is where the backup is
    written to. Raises psycopg.Error where one of them cannot be read.
    """
    file = directory / "backup.dump"
    commands = (
        [str(programs.pg_dump), "--format=custom", f"--file={file}", f"--dbname={source}"],
        [str(programs.pg_restore), "--exit-on-error", f"--dbname={target}", str(file)],
    )
    for command in commands:
        if (failure := _complaint(command)) is not None:
            return Restored(failure)
    return Restored(
        None,
        tuple(compare(read_schema(source), read_schema(target))),
        tuple(compare_data(source, target, exact=True)),
    )


def _complaint(command: list[str]) -> str | None:
    """What a program says if it fails, without secrets."""
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=_TIMEOUT, errors="replace"
    )
    if done.returncode == 0:
        return None
    said = printable_lines(redact(done.stderr.strip()))
    return said or f"{Path(command[0]).name} ended with {done.returncode}"


def _directories() -> Iterator[Path]:
    path = shutil.which("pg_dump")
    if path is not None:
        yield Path(os.path.realpath(path)).parent
        yield Path(path).parent
    yield from sorted(_USUAL.glob("*/bin"))


def _programs(directory: Path) -> BackupPrograms | None:
    """The programs in a directory, if both are there and say which version they are."""
    pg_dump, pg_restore = directory / "pg_dump", directory / "pg_restore"
    if not (os.access(pg_dump, os.X_OK) and os.access(pg_restore, os.X_OK)):
        return None
    try:
        said = subprocess.run(
            [str(pg_dump), "--version"], capture_output=True, text=True, check=False, timeout=10
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = _VERSION.search(said)
    return BackupPrograms(pg_dump, pg_restore, int(version[1])) if version else None
