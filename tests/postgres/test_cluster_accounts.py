"""As root, and as a user with next to nothing: PostgreSQL runs as neither would expect."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

import pytest_schema_parity
from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.postgres import account as accounts
from pytest_schema_parity.postgres import relocation
from pytest_schema_parity.postgres.account import Account, require_name, server_account
from pytest_schema_parity.postgres.cluster import Cluster, start_cluster
from pytest_schema_parity.postgres.installation import WHEELS, Installation
from pytest_schema_parity.postgres.template import Template

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has another user run the server")

NOBODY = Account(65534, 65534, borrowed=True)

STARTS = """
import os, sys
from pathlib import Path
from pytest_schema_parity.postgres.cluster import start_cluster
from pytest_schema_parity.postgres.installation import find_installation
from pytest_schema_parity.postgres.cache import cache_directory
with start_cluster(find_installation(bindir=Path(sys.argv[1])), name="poor") as cluster:
    print(os.geteuid(), cluster.directory.stat().st_uid, cache_directory())
"""


@as_root
def test_root_has_another_user_run_the_server(cluster: Cluster) -> None:
    owner = cluster.directory.stat().st_uid
    assert owner == server_account().uid != 0
    postmaster = (cluster.directory / "postmaster.pid").read_text().split()[0]
    assert Path("/proc", postmaster).stat().st_uid == owner


@as_root
def test_an_ordinary_user_without_home_and_with_a_narrow_umask(
    installation: Installation, tmp_path_factory: pytest.TempPathFactory
) -> None:
    needed = [Path(pytest_schema_parity.__file__), Path(psycopg.__file__), Path(sys.executable)]
    if not all(NOBODY.can_reach(path.resolve()) for path in needed):
        pytest.skip("another user cannot read this Python and its packages")
    done = subprocess.run(
        [sys.executable, "-c", STARTS, str(installation.bindir)],
        env={"PYTHONPATH": str(needed[0].parents[1]), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd="/",
        user=NOBODY.uid,
        group=NOBODY.gid,
        extra_groups=[],
        umask=0o077,
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    me, owner, directory = done.stdout.split()
    assert me == owner == str(NOBODY.uid)
    assert Path(directory).stat().st_mode & 0o777 == 0o700


@as_root
def test_programs_that_the_server_account_cannot_reach_are_copied_once(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if installation.source not in WHEELS.values():
        pytest.skip("only a wheel's programs find their files after a move")
    shelf = tmp_path / "shelf"
    monkeypatch.setattr(relocation, "_shelf", lambda: cacheable(shelf))
    monkeypatch.setattr(Account, "can_reach", lambda _, path: not path.is_relative_to(tmp_path))
    package = installation.bindir.parents[1]
    hidden = tmp_path / "site-packages" / package.name
    ignore = shutil.ignore_patterns("include", "*.a", "__pycache__")
    shutil.copytree(package / "pginstall", hidden / "pginstall", ignore=ignore)
    shutil.copytree(f"{package}.libs", f"{hidden}.libs")
    moved = Installation(hidden / "pginstall" / "bin", installation.version, "moved")
    # The parents of a test's directory are closed to others; the shelf's would not be.
    for parent in (shelf, *shelf.parents):
        if parent.stat().st_uid == 0 and parent != Path("/tmp"):
            parent.chmod(0o755)
    for _ in range(2):
        with start_cluster(moved, name="moved") as cluster:
            postmaster = (cluster.directory / "postmaster.pid").read_text().split()[0]
            program = Path("/proc", postmaster, "exe").readlink()
    assert program.is_relative_to(shelf)
    assert len([path for path in shelf.iterdir() if path.is_dir()]) == 1


def cacheable(shelf: Path) -> Path:
    shelf.mkdir(exist_ok=True)
    return shelf


@as_root
def test_extensions_that_the_server_account_cannot_read_are_copied(
    installation: Installation, tmp_path: Path
) -> None:
    if not installation.can_load_extensions_from:
        pytest.skip("extension_control_path came with PostgreSQL 18")
    extension = tmp_path / "hidden" / "extension"
    extension.mkdir(parents=True)
    (tmp_path / "hidden").chmod(0o700)
    (extension / "answer.control").write_text("default_version = '1.0'\n")
    (extension / "answer--1.0.sql").write_text(f"-- {tmp_path}\nSELECT 1;\n")
    template = Template("hidden", extension_directories=(tmp_path / "hidden",))
    with (
        start_cluster(installation, template=template, name="hidden") as cluster,
        psycopg.connect(cluster.conninfo()) as connection,
    ):
        connection.execute("CREATE EXTENSION answer")


def test_a_user_without_a_name_is_told_so() -> None:
    nameless = next(uid for uid in range(54321, 65000) if not has_name(uid))
    with pytest.raises(ServerError, match=f"user id {nameless} has no entry in /etc/passwd"):
        require_name(Account(nameless, nameless, borrowed=False))


@as_root
def test_a_machine_without_other_users_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pwd, "getpwall", lambda: [pwd.getpwnam("root")])
    accounts.server_account.cache_clear()
    try:
        with pytest.raises(ServerError, match="refuses to run as root"):
            server_account()
    finally:
        accounts.server_account.cache_clear()


@pytest.mark.parametrize(
    ("mode", "directory_mode", "reached"),
    [(0o644, 0o711, True), (0o600, 0o755, False), (0o644, 0o750, False)],
)
def test_reaching_takes_every_directory_above(
    tmp_path: Path, mode: int, directory_mode: int, reached: bool
) -> None:
    (tmp_path / "d").mkdir()
    file = tmp_path / "d" / "file"
    file.touch()
    file.chmod(mode)
    (tmp_path / "d").chmod(directory_mode)
    stranger = Account(65533, 65533, borrowed=True)
    below = [file, file.parent]
    expected = reached and all(path.stat().st_mode & 0o001 for path in tmp_path.parents)
    expected = expected and bool(tmp_path.stat().st_mode & 0o001)
    assert stranger.can_reach(file) == expected or below == []


def has_name(uid: int) -> bool:
    try:
        return bool(pwd.getpwuid(uid))
    except KeyError:
        return False
