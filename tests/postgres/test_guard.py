"""Files that are removed when we end, whatever becomes of who removes them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pytest_schema_parity.postgres.account import server_account
from pytest_schema_parity.postgres.lifeline import Guard

DIES = """
import os, signal, sys
from pathlib import Path
from pytest_schema_parity.postgres.account import server_account
from pytest_schema_parity.postgres.lifeline import Guard

directory = Path(sys.argv[1])
guard = Guard(directory / "mine.", server_account())
directory.mkdir()
server_account().own(directory)
(directory / "mine.1").touch()
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A name below a directory that the server's user may write to."""
    base = tmp_path_factory.mktemp("guarded")
    for place in (base, base.parent, base.parent.parent):
        place.chmod(0o755)
    server_account().own(base)
    return base / 'it\'s "here"'


@pytest.mark.parametrize("killed", [False, True])
def test_the_files_go_when_it_ends(directory: Path, killed: bool) -> None:
    guard = Guard(directory / "mine.", server_account())
    directory.mkdir()
    server_account().own(directory)
    (directory / "mine.1").touch()
    if killed:
        os.kill(guard._shell.pid, signal.SIGKILL)
    guard.end()
    assert not directory.exists()


def test_what_is_somebody_elses_stays(directory: Path) -> None:
    guard = Guard(directory / "mine.", server_account())
    directory.mkdir()
    server_account().own(directory)
    for name in ("mine.1", "theirs.1"):
        (directory / name).touch()
    guard.end()
    assert [path.name for path in directory.iterdir()] == ["theirs.1"]


def test_they_go_when_we_are_killed(directory: Path) -> None:
    done = subprocess.run([sys.executable, "-c", DIES, str(directory)], check=False)
    assert done.returncode == -signal.SIGKILL
    deadline = time.monotonic() + 20
    while directory.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not directory.exists()
