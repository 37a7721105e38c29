"""An interrupted run ends at once, whatever its trees are doing, and leaves nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pytest_schema_parity.postgres.places import places

STARTING = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
"""What a shell runs in the background ignores the interrupt; pytest at a terminal does not."""


def directories_of(run: int) -> list[Path]:
    """The run directories whose servers a process started."""
    found = []
    for base in places():
        for pid_file in base.glob("schema-parity-*/data/postmaster.pid"):
            shell = parent_of(int(pid_file.read_text().split()[0]))
            if shell is not None and parent_of(shell) == run:
                found.append(pid_file.parents[1])
    return found


def parent_of(process: int) -> int | None:
    try:
        status = Path("/proc", str(process), "stat").read_text()
    except FileNotFoundError:
        return None
    return int(status.rpartition(")")[2].split()[1])


@pytest.mark.skipif(sys.platform != "linux", reason="looks for the servers in /proc")
@pytest.mark.parametrize("moment", [0.0, 0.2, 1.0])
def test_an_interrupt_ends_a_run_that_waits_for_a_migration(project, moment: float) -> None:
    pytester = project()
    for tree, name in (("prisma", "002_sleeps.sql"), ("supabase", "20250102000000_sleeps.sql")):
        path = pytester.path / tree / "migrations" / name
        path.write_text("SELECT 1;\nSELECT pg_sleep(30);\n")
    pytester.makeconftest(STARTING)
    command = [sys.executable, "-m", "pytest", "--schema-parity", "pyproject.toml"]
    run = subprocess.Popen(command, cwd=pytester.path, stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 20
    while len(directories := directories_of(run.pid)) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(directories) == 2
    time.sleep(moment)
    os.kill(run.pid, signal.SIGINT)
    began = time.monotonic()
    output, _ = run.communicate(timeout=25)
    assert run.returncode == pytest.ExitCode.INTERRUPTED, output
    assert time.monotonic() - began < 8  # waiting for the server once took 16 seconds
    assert not any(directory.exists() for directory in directories)
