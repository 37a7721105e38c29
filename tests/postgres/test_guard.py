"""A Guard removes its files when it ends, and when our process or its shell is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_schema_parity.postgres.lifeline import Guard

DIES = """
import os, signal, sys
from pathlib import Path
from pytest_schema_parity.postgres.lifeline import Guard

directory = Path(sys.argv[1])
guard = Guard(directory / "mine.")
directory.mkdir()
(directory / "mine.1").touch()
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def directory() -> Iterator[Path]:
    """The path of a directory that does not exist yet."""
    with tempfile.TemporaryDirectory(dir="/tmp") as base:
        Path(base).chmod(0o1777)
        yield Path(base, "it's 'here'")


@pytest.mark.parametrize("killed", [False, True])
def test_the_files_are_removed_when_it_ends(directory: Path, killed: bool) -> None:
    guard = Guard(directory / "mine.")
    directory.mkdir()
    (directory / "mine.1").touch()
    if killed:
        os.kill(guard._shell.pid, signal.SIGKILL)
    guard.end()
    assert not directory.exists()


def test_other_files_stay(directory: Path) -> None:
    guard = Guard(directory / "mine.")
    directory.mkdir()
    for name in ("mine.1", "theirs.1"):
        (directory / name).touch()
    guard.end()
    assert [path.name for path in directory.iterdir()] == ["theirs.1"]


def test_the_files_are_removed_when_our_process_is_killed(directory: Path) -> None:
    done = subprocess.run([sys.executable, "-c", DIES, str(directory)], check=False)
    assert done.returncode == -signal.SIGKILL
    deadline = time.monotonic() + 20
    while directory.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not directory.exists()
