"""An interrupted run ends at once, whatever its trees are doing, and leaves nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pytest_schema_parity.postgres.base_directories import base_directories

STARTING = """\
import signal

signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
"""
"""In a shell's background SIGINT is ignored, and under nohup SIGHUP; at a terminal neither is."""
SLEEP = 600
"""Seconds that a migration takes: far longer than any end of a run."""
TIMEOUT = 120
"""Seconds after which a run that does not end is taken to hang."""


def directories_of(run: int) -> list[Path]:
    """The run directories whose servers a process started."""
    found = []
    for base in base_directories():
        for pid_file in base.glob("schema-parity-*/data/postmaster.pid"):
            try:
                first = pid_file.read_text().partition("\n")[0]
            except FileNotFoundError:  # of a server that has just ended
                continue
            shell = parent_of(int(first)) if first else None  # empty while it is being written
            if shell is not None and parent_of(shell) == run:
                found.append(pid_file.parents[1])
    return found


def parent_of(process: int) -> int | None:
    try:
        status = Path("/proc", str(process), "stat").read_text()
    except FileNotFoundError:
        return None
    return int(status.rpartition(")")[2].split()[1])


on_linux = pytest.mark.skipif(sys.platform != "linux", reason="looks for the servers in /proc")


@on_linux
@pytest.mark.parametrize(
    "moment", [0.2, *(pytest.param(moment, marks=pytest.mark.campaign) for moment in (0.0, 1.0))]
)
def test_an_interrupt_ends_a_run_that_waits_for_a_migration(project, moment: float) -> None:
    run, directories = waiting_run(project())
    time.sleep(moment)
    os.kill(run.pid, signal.SIGINT)
    output, _ = run.communicate(timeout=TIMEOUT)
    assert run.returncode == pytest.ExitCode.INTERRUPTED, output
    assert not any(directory.exists() for directory in directories)


@pytest.mark.campaign
@on_linux
@pytest.mark.parametrize(
    ("options", "signals"),
    [
        ([], ["SIGINT", "SIGINT"]),
        ([], ["SIGTERM"]),
        ([], ["SIGHUP"]),
        (["-n2"], ["SIGINT"]),
        (["-n2"], ["SIGINT", "SIGTERM"]),
    ],
)
def test_nothing_stays_of_a_run_whatever_signal_ends_it(
    project, options: list[str], signals: list[str]
) -> None:
    run, directories = waiting_run(project(), *options)
    for name in signals:
        run.send_signal(signal.Signals[name])
        time.sleep(0.05)
    run.communicate(timeout=TIMEOUT)
    assert run.returncode != 0
    deadline = time.monotonic() + TIMEOUT
    while any(directory.exists() for directory in directories):
        assert time.monotonic() < deadline, "a run directory stayed"
        time.sleep(0.02)


def waiting_run(
    pytester: pytest.Pytester, *options: str
) -> tuple[subprocess.Popen[str], list[Path]]:
    """A run whose migrations take long, and the directories of its two servers."""
    for tree, name in (("prisma", "002_sleeps.sql"), ("supabase", "20250102000000_sleeps.sql")):
        path = pytester.path / tree / "migrations" / name
        path.write_text(f"SELECT 1;\nSELECT pg_sleep({SLEEP});\n")
    pytester.makeconftest(STARTING)
    command = [sys.executable, "-m", "pytest", "--schema-parity", "pyproject.toml", *options]
    run = subprocess.Popen(command, cwd=pytester.path, stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + TIMEOUT
    while len(directories := directories_of(run.pid)) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(directories) == 2
    return run, directories
