"""Copies of programs and files, for a server account that cannot read the originals.

The virtual environment of root is often below ``/root``, which other users cannot search.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.postgres.account import Account
from pytest_schema_parity.postgres.base_directories import temporary_directory
from pytest_schema_parity.postgres.cache import (
    DIRECTORY_NAME,
    create_owned_directory,
    locked,
    prune,
)
from pytest_schema_parity.postgres.installation import Installation
from pytest_schema_parity.postgres.lifeline import server_environment

_PROGRAMS: Final = ("postgres", "initdb")
_NOT_NEEDED: Final = shutil.ignore_patterns("*.a", "pgxs", "pkgconfig", "doc", "man", "locale")


@cache
def runnable_installation(installation: Installation, account: Account) -> Installation:
    """The installation, or a copy of it (13 MB, made once) if the account cannot run it."""
    needed = (installation.binary("postgres"), installation.sharedir / "postgres.bki")
    if all(account.can_read(path) for path in needed):
        return installation
    prefix = installation.bindir.parent
    # A wheel's programs look for their libraries in `<package>.libs`, two levels up and beside.
    root = prefix.parent.parent if prefix.name == "pginstall" else prefix.parent
    stat_of = needed[0].stat()
    key = _digest(needed[0], stat_of.st_mtime_ns, stat_of.st_size)

    def copy(target: Path) -> None:
        """Copy the programs that the server needs, with their libraries and data files."""
        there = target / prefix.relative_to(root)
        (there / "bin").mkdir(parents=True)
        for program in _PROGRAMS:
            shutil.copy(installation.binary(program), there / "bin")
        for part in ("lib", "share"):
            if (prefix / part).is_dir():
                shutil.copytree(prefix / part, there / part, ignore=_NOT_NEEDED)
        libraries = Path(f"{prefix.parent}.libs")
        if prefix.name == "pginstall" and libraries.is_dir():
            shutil.copytree(libraries, target / libraries.name)

    target = _shared_copy(key, copy)
    copied = replace(installation, bindir=target / installation.bindir.relative_to(root))
    _require_runnable(copied, account)
    return copied


def readable_directory(directory: Path, account: Account) -> Path:
    """The directory, or a copy of it if the account cannot read it."""
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    if all(account.can_read(path) for path in files):
        return directory
    key = _digest(directory, *((path.name, path.read_bytes()) for path in files))
    return _shared_copy(key, lambda target: shutil.copytree(directory, target, dirs_exist_ok=True))


def _shared_copy(key: str, copy: Callable[[Path], object]) -> Path:
    """The cached copy with this key, which all users can read; ``copy`` makes it if missing."""
    copies = _copies_directory()
    target, size = copies / key, copies / f"{key}.size"
    try:
        with locked(copies / "lock"):
            if not (size.exists() and size.read_text() == _file_count_and_size(target)):
                _replace_copy(target, copy)
                size.write_text(_file_count_and_size(target))
            for path in (target, size):
                os.utime(path)
            _keep_from_pruning(target)
            prune(copies)
    except (OSError, shutil.Error) as error:
        raise ServerError(
            f"The files of PostgreSQL cannot be copied to {copies}, where the user that runs it "
            f"can read them: {error}. Free some space there, or run pytest as an ordinary user."
        ) from error
    return target


def _replace_copy(target: Path, copy: Callable[[Path], object]) -> None:
    """Make a copy and replace an older one, atomically."""
    for begun in target.parent.glob("new-*"):  # by a process that was killed: we hold the lock
        shutil.rmtree(begun, ignore_errors=True)
    new = Path(tempfile.mkdtemp(prefix="new-", dir=target.parent))
    try:
        copy(new)
        _make_readable_by_all(new)
        shutil.rmtree(target, ignore_errors=True)
        new.rename(target)
    finally:
        shutil.rmtree(new, ignore_errors=True)


@cache
def _keep_from_pruning(directory: Path) -> int:
    """Lock a copy, so that no process prunes it while this one runs; returns the descriptor."""
    held = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    fcntl.flock(held, fcntl.LOCK_SH)
    return held


def _file_count_and_size(directory: Path) -> str:
    """The number of files in a directory and their size, to notice removed files."""
    sizes = [
        os.stat(os.path.join(parent, name)).st_size  # noqa: PTH116, PTH118  # 2,000 of them
        for parent, _, names in os.walk(directory)
        for name in names
    ]
    return f"{len(sizes)} files, {sum(sizes)} bytes"


def _copies_directory() -> Path:
    """The directory of the copies, which other users can read, but not write."""
    with suppress(OSError, ServerError):
        return create_owned_directory(Path("/var/cache", DIRECTORY_NAME), 0o755)
    return create_owned_directory(Path(temporary_directory(), f"{DIRECTORY_NAME}-programs"), 0o755)


def _make_readable_by_all(directory: Path) -> None:
    """Let all users read the files of a directory, and run its programs."""
    for parent, _, files in os.walk(directory):
        Path(parent).chmod(0o755)
        for name in files:
            path = Path(parent, name)
            is_program = path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if is_program else 0o644)


def _require_runnable(copied: Installation, account: Account) -> None:
    """Raise ServerError if the account cannot run the copied programs."""
    for program in _PROGRAMS:
        done = subprocess.run(
            [copied.binary(program), "--version"],
            capture_output=True,
            text=True,
            cwd="/",
            env=server_environment(),
            check=False,
            **account.popen_arguments,
        )
        if done.returncode:
            raise ServerError(
                f"PostgreSQL refuses to run as root, and the copy of its programs in "
                f"{copied.bindir} does not run as user id {account.uid}:\n  {done.stderr.strip()}"
            )


def _digest(*parts: object) -> str:
    """32 hex digits that depend on the parts."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]
