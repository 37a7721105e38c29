"""Ending what was built, when Python itself is about to end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ENDING = """
import sys, threading, time
from pathlib import Path
from pytest_schema_parity.parity.builds import Builds

class Host:
    def stop(self):
        Path(sys.argv[1]).touch()

class Hosts(list):
    def __len__(self):  # a thread that asks is late: by then Python is on its way out
        if threading.current_thread() is not threading.main_thread():
            time.sleep(0.5)
        return super().__len__()

builds = Builds({}, {}, None, adjustments=None)
builds._hosts = Hosts([Host()])
builds.close(wait=False)
"""


def test_servers_end_though_python_is_ending(tmp_path: Path) -> None:
    """No thread can be started then: all that is to be done has to be handed out before."""
    stopped = tmp_path / "stopped"
    subprocess.run([sys.executable, "-c", ENDING, str(stopped)], check=True, timeout=20)
    assert stopped.exists()
