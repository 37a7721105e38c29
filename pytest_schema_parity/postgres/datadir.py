"""A cluster's data directory: from the cached image, which the first of a template makes."""

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

# CREATE ROLE refuses a name of the server's own; the number is one that no release uses.
_CREATE_MAINTENANCE_ROLE: Final = f"""
INSERT INTO pg_catalog.pg_authid
    (oid, rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication,
     rolbypassrls, rolconnlimit)
VALUES (9997, '{MAINTENANCE_ROLE}', true, true, true, true, true, false, true, -1)
"""  # noqa: S608


def create_data_directory(
    run: RunDirectory, template: ClusterTemplate, programs: Installation, account: Account
) -> None:
    """Fill the run directory's ``data/`` as the template says.  Raises ServerError."""
    try:
        if _unpack_cached(run, template, programs, account):
            return
    except OSError:  # the cache is full, read-only or another's: then it is made for this once
        pass
    image = run.path / "image"
    try:
        _make_image(image, template, programs, account)
    except OSError as error:
        failed = f"A data directory cannot be made in {run.path}: {error}"
        raise ServerError(with_remedy(failed)) from error
    if not _try_unpack(image, run, account):
        raise ServerError(f"A data directory cannot be made: {image} was damaged at once.")
    image.unlink()


def discard_image(template: ClusterTemplate, programs: Installation) -> bool:
    """Forget the cached image; returns whether there was one."""
    try:
        _image_path(template, programs).unlink()
    except OSError:
        return False
    return True


def server_settings(
    template: ClusterTemplate, programs: Installation, account: Account
) -> dict[str, str]:
    """The settings that the server is started with."""
    settings = {**CLUSTER_SETTINGS, **template.settings}
    if template.extension_directories and programs.can_load_extensions_from:
        directories = [readable_directory(path, account) for path in template.extension_directories]
        settings["extension_control_path"] = ":".join([*map(str, directories), "$system"])
    return settings


def _image_path(template: ClusterTemplate, programs: Installation) -> Path:
    images = cache_directory() / "images"
    images.mkdir(mode=0o700, exist_ok=True)
    return images / f"{programs.major}-{template.key(programs)}.image"


def _unpack_cached(
    run: RunDirectory, template: ClusterTemplate, programs: Installation, account: Account
) -> bool:
    """Whether there is an image now, which was unpacked; raises OSError where none can be kept."""
    image = _image_path(template, programs)
    if not _try_unpack(image, run, account):
        with locked(image.with_suffix(".lock")):
            if not _try_unpack(image, run, account):  # no other has made it meanwhile
                _make_image(image, template, programs, account)
                return _try_unpack(image, run, account)
    prune(image.parent)
    return True


def _try_unpack(image: Path, run: RunDirectory, account: Account) -> bool:
    """Whether there was an image to unpack; one that is broken is none."""
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
    require_passwd_entry(lifeline.account)
    # Sorting by code point is the same on every machine and in every version.  From 17 on the
    # server brings its own C.UTF-8, which knows upper and lower case beyond ASCII as well.
    locale = ["--locale=C"]
    if programs.major >= 17:
        locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    others = ["--no-sync", "--no-instructions", "--no-clean"]  # the lifeline cleans up
    if programs.major >= 16:  # else it leaves memory behind when it is killed
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
        said = lifeline.run.log_tail()
        failed = f"initdb failed in {lifeline.run.data} ({programs.binary('initdb')}):\n{said}"
        raise ServerError(with_remedy(failed))


def _run_scripts(template: ClusterTemplate, run: RunDirectory) -> None:
    script: Path | None = None
    conninfo = socket_conninfo(run.path, "postgres", template.superuser)
    require_data_directory(conninfo, run.data)
    try:
        with connect(conninfo) as connection:
            connection.prepare_threshold = None  # DISCARD ALL would take what was prepared
            connection.execute("SET allow_system_table_mods = on")
            connection.execute(_CREATE_MAINTENANCE_ROLE)
            connection.execute("DISCARD ALL")
            for script in template.scripts:
                connection.execute(script.read_bytes())
                connection.execute("DISCARD ALL")
            connection.execute("SELECT pg_catalog.pg_switch_wal()")  # an image wants that
    except psycopg.Error as error:
        failed = f"Template {template.name}: {_script_location(script, error)}{error}"
        raise ServerError(with_remedy(failed)) from error


def _script_location(script: Path | None, error: psycopg.Error) -> str:
    if script is None:
        return ""
    before = script.read_text("utf-8")[: int(error.diag.statement_position or 0)]
    return f"{script}:{before.count(chr(10)) + 1}: "
