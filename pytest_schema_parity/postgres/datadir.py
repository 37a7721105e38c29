"""Create the data directory of a cluster: unpack a cached image, or make that image first."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

import psycopg

from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.postgres.account import Account, require_passwd_entry
from pytest_schema_parity.postgres.address import (
    MAINTENANCE_ROLE,
    connect,
    require_data_directory,
    socket_conninfo,
)
from pytest_schema_parity.postgres.cache import cache_directory, locked, prune
from pytest_schema_parity.postgres.image import BrokenImage, pack, unpack
from pytest_schema_parity.postgres.installation import Installation
from pytest_schema_parity.postgres.lifeline import Lifeline
from pytest_schema_parity.postgres.relocation import readable_directory
from pytest_schema_parity.postgres.remedy import with_remedy
from pytest_schema_parity.postgres.rundir import RunDirectory
from pytest_schema_parity.postgres.server import shut_down, start_postgres
from pytest_schema_parity.postgres.template import CLUSTER_SETTINGS, ClusterTemplate

# CREATE ROLE refuses names that begin with "pg_"; no release of PostgreSQL uses the oid.
_CREATE_MAINTENANCE_ROLE: Final = f"""
INSERT INTO pg_catalog.pg_authid
    (oid, rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication,
     rolbypassrls, rolconnlimit)
VALUES (9997, '{MAINTENANCE_ROLE}', true, true, true, true, true, false, true, -1)
"""  # noqa: S608


def create_data_directory(
    run: RunDirectory, template: ClusterTemplate, programs: Installation, account: Account
) -> None:
    """Create ``data/`` in the run directory from a template.  Raises ServerError."""
    try:
        if _unpack_cached(run, template, programs, account):
            return
    except OSError:  # the cache is full or not writable: make an image for this cluster alone
        pass
    image = run.path / "image"
    try:
        _make_image(image, template, programs, account)
    except OSError as error:
        failed = f"The data directory cannot be created in {run.path}: {error}"
        raise ServerError(with_remedy(failed)) from error
    if not _try_unpack(image, run, account):
        raise ServerError(
            f"The data directory cannot be created: the new image {image} is damaged."
        )
    image.unlink()


def discard_image(template: ClusterTemplate, programs: Installation) -> bool:
    """Remove the cached image of a template; returns whether there was one."""
    try:
        _image_path(template, programs).unlink()
    except OSError:
        return False
    return True


def server_settings(
    template: ClusterTemplate, programs: Installation, account: Account
) -> dict[str, str]:
    """The settings of ``postgres -c`` for a cluster of this template."""
    settings = {**CLUSTER_SETTINGS, **template.settings}
    if template.extension_directories and programs.can_load_extensions_from:
        directories = [readable_directory(path, account) for path in template.extension_directories]
        settings["extension_control_path"] = ":".join([*map(str, directories), "$system"])
    return settings


def _image_path(template: ClusterTemplate, programs: Installation) -> Path:
    """The path in the cache for the image of a template; the file may be missing."""
    images = cache_directory() / "images"
    images.mkdir(mode=0o700, exist_ok=True)
    return images / f"{programs.major}-{template.key(programs)}.image"


def _unpack_cached(
    run: RunDirectory, template: ClusterTemplate, programs: Installation, account: Account
) -> bool:
    """Unpack the cached image, and make it first if it is missing or broken; False if it failed.

    Raises OSError if the cache cannot be written.
    """
    image = _image_path(template, programs)
    if not _try_unpack(image, run, account):
        with locked(image.with_suffix(".lock")):
            if not _try_unpack(image, run, account):  # no other process has made it
                _make_image(image, template, programs, account)
                return _try_unpack(image, run, account)
    prune(image.parent)
    return True


def _try_unpack(image: Path, run: RunDirectory, account: Account) -> bool:
    """Unpack an image and note its use (mtime); False if it is missing or broken.

    Raises ServerError.
    """
    try:
        unpack(image, run.data, account)
    except BrokenImage:
        return False
    except OSError as error:
        if str(error.filename) == str(image):
            return False
        raise ServerError(with_remedy(f"{run.data} cannot be written: {error}")) from error
    with suppress(OSError):
        os.utime(image)
    return True


def _make_image(
    image: Path, template: ClusterTemplate, programs: Installation, account: Account
) -> None:
    """Make an image: run initdb, start the server, run the scripts, shut down, pack."""
    lifeline = Lifeline(account)
    try:
        run = lifeline.run
        _run_initdb(lifeline, template, programs)
        start_postgres(
            lifeline, programs.binary("postgres"), server_settings(template, programs, account)
        )
        _run_scripts(template, run)
        shut_down(lifeline)
        for begun in image.parent.glob(f"{image.stem}.*.new"):  # by a process that was killed
            begun.unlink(missing_ok=True)
        new = image.with_suffix(f".{os.getpid()}.new")
        try:
            pack(run.data, new)
            new.rename(image)
        finally:
            new.unlink(missing_ok=True)
    finally:
        lifeline.end()


def _run_initdb(lifeline: Lifeline, template: ClusterTemplate, programs: Installation) -> None:
    """Run initdb in the run directory; raises ServerError."""
    require_passwd_entry(lifeline.account)
    # Sorting by code point is the same on every machine and in every version.  Since 17 PostgreSQL
    # has a C.UTF-8 of its own, with upper and lower case beyond ASCII.
    locale = ["--locale=C"]
    if programs.major >= 17:
        locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    others = ["--no-sync", "--no-instructions", "--no-clean"]  # the lifeline cleans up
    if programs.major >= 16:  # before, an initdb that is killed leaves shared memory behind
        others += ["--set=dynamic_shared_memory_type=mmap"]
    if programs.major >= 18:
        others += ["--no-data-checksums"]
    code = lifeline.run_program(
        [
            str(programs.binary("initdb")),
            *(f"--pgdata={lifeline.run.data}", f"--username={template.superuser}"),
            *("--encoding=UTF8", *locale, "--auth=trust", "--wal-segsize=1"),
            *others,
        ]
    )
    if code:
        log = lifeline.run.log_tail()
        failed = f"initdb failed in {lifeline.run.data} ({programs.binary('initdb')}):\n{log}"
        raise ServerError(with_remedy(failed))


def _run_scripts(template: ClusterTemplate, run: RunDirectory) -> None:
    """Create our maintenance role and run the scripts of a template; raises ServerError."""
    script: Path | None = None
    conninfo = socket_conninfo(run.path, "postgres", template.superuser)
    require_data_directory(conninfo, run.data)
    try:
        with connect(conninfo) as connection:
            connection.prepare_threshold = None  # DISCARD ALL drops prepared statements
            connection.execute("SET allow_system_table_mods = on")
            connection.execute(_CREATE_MAINTENANCE_ROLE)
            connection.execute("DISCARD ALL")
            for script in template.scripts:
                connection.execute(script.read_bytes())
                connection.execute("DISCARD ALL")
            # The last checkpoint must lie within one WAL segment, see pack().
            connection.execute("SELECT pg_catalog.pg_switch_wal()")
    except psycopg.Error as error:
        failed = f"Template {template.name}: {_script_location(script, error)}{error}"
        raise ServerError(with_remedy(failed)) from error


def _script_location(script: Path | None, error: psycopg.Error) -> str:
    """``file:line: `` of an error in a script; empty before the first script."""
    if script is None:
        return ""
    before = script.read_text("utf-8")[: int(error.diag.statement_position or 0)]
    return f"{script}:{before.count(chr(10)) + 1}: "
