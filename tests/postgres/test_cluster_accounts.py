"""Run PostgreSQL as root, which it refuses, and as a user without home and with a strict umask."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from support.campaign import one_in

import pytest_schema_parity
from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.postgres import account as accounts
from pytest_schema_parity.postgres import relocation
from pytest_schema_parity.postgres.account import Account, require_passwd_entry, server_account
from pytest_schema_parity.postgres.cluster import Cluster, start_cluster
from pytest_schema_parity.postgres.installation import WHEELS, Installation
from pytest_schema_parity.postgres.template import ClusterTemplate

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has another user run the server")

NOBODY = Account(65534, 65534, is_other_user=True)

STARTS = """
import os, sys
from pathlib import Path
from pytest_schema_parity.postgres.cluster import start_cluster
from pytest_schema_parity.postgres.installation import find_installation
from pytest_schema_parity.postgres.cache import cache_directory
with start_cluster(find_installation(bindir=Path(sys.argv[1])), name="poor") as cluster:
    cache = cache_directory()
    print(os.geteuid(), cluster.data_directory.stat().st_uid, cache, oct(cache.stat().st_mode))
"""


@as_root
def test_as_root_another_user_runs_the_server(cluster: Cluster) -> None:
    owner = cluster.data_directory.stat().st_uid
    assert owner == server_account().uid != 0
    postmaster = (cluster.data_directory / "postmaster.pid").read_text().split()[0]
    assert Path("/proc", postmaster).stat().st_uid == owner


@pytest.mark.campaign
@as_root
def test_a_user_without_home_and_with_a_strict_umask(installation: Installation) -> None:
    python = python_for_others()
    if python is None:
        pytest.skip("no Python with these packages that another user can run")
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:
        os.chown(directory, NOBODY.uid, NOBODY.gid)
        done = as_nobody([python, "-c", STARTS, str(installation.bindir)], TMPDIR=directory)
    assert done.stderr == ""
    assert done.stdout.split() == [
        str(NOBODY.uid),
        str(NOBODY.uid),
        f"{directory}/pytest-schema-parity-{NOBODY.uid}",
        "0o40700",
    ]


def python_for_others() -> str | None:
    for python in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        with suppress(OSError):
            if not as_nobody([python, "-c", "import pytest_schema_parity, psycopg"]).returncode:
                return python
    return None


def as_nobody(command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    roots = [str(Path(module.__path__[0]).parent) for module in (pytest_schema_parity, psycopg)]
    return subprocess.run(
        command,
        env={
            "PYTHONPATH": os.pathsep.join(roots),
            "PYTHONDONTWRITEBYTECODE": "1",
            **environment,
        },
        cwd="/",
        user=NOBODY.uid,
        group=NOBODY.gid,
        extra_groups=[],
        umask=0o077,
        capture_output=True,
        text=True,
    )


@pytest.fixture
def copies(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty directory for the copies that the server's account can read."""
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:
        Path(directory).chmod(0o755)
        monkeypatch.setattr(relocation, "_copies_directory", lambda: Path(directory))
        yield Path(directory)


@pytest.fixture
def hidden(tmp_path: Path) -> Path:
    """A directory that only root can search."""
    tmp_path.chmod(0o700)
    return tmp_path


@as_root
def test_programs_that_the_server_account_cannot_read_are_copied_once(
    installation: Installation, hidden: Path, copies: Path
) -> None:
    if installation.source not in WHEELS.values():
        pytest.skip("only a wheel's programs find their files after a move")
    package = installation.bindir.parents[1]
    ignore = shutil.ignore_patterns("include", "*.a", "__pycache__")
    shutil.copytree(package / "pginstall", hidden / package.name / "pginstall", ignore=ignore)
    shutil.copytree(f"{package}.libs", hidden / f"{package.name}.libs")
    moved = replace(installation, bindir=hidden / package.name / "pginstall" / "bin")
    for _ in range(2):
        with start_cluster(moved, name="moved") as cluster:
            postmaster = (cluster.data_directory / "postmaster.pid").read_text().split()[0]
            program = Path("/proc", postmaster, "exe").readlink()
            assert cluster.installation == moved
        assert program.is_relative_to(copies)
        assert len([path for path in copies.iterdir() if path.is_dir()]) == 1


@as_root
def test_extensions_that_the_server_account_cannot_read_are_copied(
    installation: Installation, hidden: Path, copies: Path
) -> None:
    if not installation.can_load_extensions_from:
        pytest.skip("extension_control_path came with PostgreSQL 18")
    (hidden / "extension").mkdir()
    (hidden / "extension" / "answer.control").write_text("default_version = '1.0'\n")
    (hidden / "extension" / "answer--1.0.sql").write_text("SELECT 1;\n")
    template = ClusterTemplate("hidden", extension_directories=(hidden,))
    with (
        start_cluster(installation, template=template, name="hidden") as cluster,
        psycopg.connect(cluster.conninfo()) as connection,
    ):
        connection.execute("CREATE EXTENSION answer")
    assert len(list(copies.glob("*/extension/answer.control"))) == 1


@as_root
def test_copies_that_are_unused_for_a_month_are_removed(hidden: Path, copies: Path) -> None:
    (copies / "old").mkdir()
    os.utime(copies / "old", (0, 0))
    (hidden / "file").touch()
    copy = relocation.readable_directory(hidden, NOBODY)
    assert [path for path in copies.iterdir() if path.is_dir()] == [copy]
    os.utime(copy, (0, 0))
    assert relocation.readable_directory(hidden, NOBODY) == copy
    assert copy.stat().st_mtime > 0


@as_root
@pytest.mark.parametrize("damage", ["a file is gone", "half was copied", "all is gone"])
def test_an_incomplete_copy_is_made_again(hidden: Path, copies: Path, damage: str) -> None:
    (hidden / "part").mkdir()
    for name in ("first", "part/second"):
        (hidden / name).write_text("whole")
    copy = relocation.readable_directory(hidden, NOBODY)
    begun = copies / "new-begun"  # by a process that was killed
    begun.mkdir()
    if damage == "a file is gone":
        (copy / "part" / "second").unlink()
    elif damage == "half was copied":
        (copy / "part" / "second").write_text("who")
    else:
        shutil.rmtree(copy)
    assert relocation.readable_directory(hidden, NOBODY) == copy
    there = sorted(str(path.relative_to(copy)) for path in copy.rglob("*"))
    assert there == ["first", "part", "part/second"]
    assert (copy / "part" / "second").read_text() == "whole"
    assert not begun.exists()


@as_root
def test_a_copy_in_use_is_not_pruned_whatever_its_mtime(hidden: Path, copies: Path) -> None:
    (hidden / "file").touch()
    copy = relocation.readable_directory(hidden, NOBODY)
    os.utime(copy, (0, 0))
    relocation.prune(copies)
    assert copy.exists()


def test_the_error_for_a_user_without_passwd_entry() -> None:
    nameless = next(uid for uid in range(54321, 65000) if not has_passwd_entry(uid))
    with pytest.raises(ServerError, match=f"user id {nameless} has no entry in /etc/passwd"):
        require_passwd_entry(Account(nameless, nameless, is_other_user=False))


@as_root
def test_the_error_for_root_without_other_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pwd, "getpwall", lambda: [pwd.getpwnam("root")])
    accounts.server_account.cache_clear()
    try:
        with pytest.raises(ServerError, match="refuses to run as root"):
            server_account()
    finally:
        accounts.server_account.cache_clear()


@pytest.mark.parametrize(
    ("file_mode", "directory_mode", "reached"),
    [(0o644, 0o711, True), (0o600, 0o755, False), (0o644, 0o750, False)],
)
def test_can_read_takes_permissions_of_every_directory_above(
    file_mode: int, directory_mode: int, reached: bool
) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:
        file = Path(directory, "file")
        file.touch()
        file.chmod(file_mode)
        Path(directory).chmod(directory_mode)
        stranger = Account(65533, 65533, is_other_user=True)
        assert stranger.can_read(file) == reached


@as_root
@pytest.mark.parametrize("mode", one_in(2, [0o755, 0o700]))
def test_a_temporary_directory_that_only_root_can_write_to_is_skipped(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, mode: int
) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:
        Path(directory).chmod(mode)
        monkeypatch.setattr(
            "pytest_schema_parity.postgres.base_directories.base_directories",
            lambda: [Path(directory), Path("/tmp")],
        )
        with start_cluster(installation, name="elsewhere") as cluster:
            assert cluster.socket_directory.parent == Path("/tmp")


def has_passwd_entry(uid: int) -> bool:
    try:
        return bool(pwd.getpwuid(uid))
    except KeyError:
        return False
