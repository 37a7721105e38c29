"""Ending what was built, when Python itself is about to end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ENDING = """
import sys, threading, time
from pathlib import Path
from pytest_schema_parity.building.scheduler import Scheduler

class Host:
    def stop(self):
        Path(sys.argv[1]).touch()
        if sys.argv[2:]:
            raise OSError(5, sys.argv[2])

class Hosts(list):
    def __len__(self):  # a thread that asks is late: by then Python is on its way out
        if threading.current_thread() is not threading.main_thread():
            time.sleep(0.5)
        return super().__len__()

builds = Scheduler({}, {}, None, adjustments=None)
builds._hosts = Hosts([Host()])
builds.close(wait=False)
"""


def test_servers_end_though_python_is_ending(tmp_path: Path) -> None:
    """No thread can be started then: all that is to be done has to be handed out before."""
    assert said_while_ending(tmp_path / "stopped") == ""


def test_what_fails_then_is_told_in_a_line(tmp_path: Path) -> None:
    said = said_while_ending(tmp_path / "stopped", "postgresql://u:S3cret@h/d\nis \x1b[31mlost")
    [line] = said.splitlines()
    assert line.startswith("pytest-schema-parity: a server or its directory could not be removed: ")
    assert "lost" in line
    assert "S3cret" not in line
    assert "\x1b" not in line


def said_while_ending(stopped: Path, *failure: str) -> str:
    """What a process says on stderr that ends as soon as it has begun to stop its servers."""
    command = [sys.executable, "-c", ENDING, str(stopped), *failure]
    done = subprocess.run(command, check=True, timeout=20, capture_output=True, text=True)
    assert stopped.exists()
    return done.stderr
