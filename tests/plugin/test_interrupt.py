"""An interrupted run ends at once, whatever its trees are doing."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pytest_schema_parity.postgres.installation import Installation

SLEEPS = """\
COPY (SELECT current_setting('data_directory')) TO '{told}/{name}';
SELECT pg_sleep(30);
"""

CONFIGURATION = """\
[tool.pytest-schema-parity]
reference = "a"

[tool.pytest-schema-parity.trees]
a = { files = ["a.sql", "more.sql"] }
b = { files = ["b.sql", "more.sql"] }
"""


@pytest.fixture
def told() -> Iterator[Path]:
    """A directory in which the servers tell where they are."""
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:
        Path(directory).chmod(0o1777)
        yield Path(directory)


def test_ctrl_c_while_trees_are_being_built(
    installation: Installation, tmp_path: Path, told: Path
) -> None:
    (tmp_path / "pyproject.toml").write_text(CONFIGURATION)
    for name in ("a", "b"):
        (tmp_path / f"{name}.sql").write_text(SLEEPS.format(told=told, name=name))
    (tmp_path / "more.sql").write_text("CREATE TABLE never_made ()")
    bindir = f"--schema-parity-bindir={installation.bindir}"
    command = [sys.executable, "-m", "pytest", "--schema-parity", bindir]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as run:
        try:
            wait_until(lambda: all((told / name).exists() for name in ("a", "b")), seconds=30)
            time.sleep(0.3)
            servers = [Path((told / name).read_text().strip()).parent for name in ("a", "b")]
            assert all(server.exists() for server in servers)
            run.send_signal(signal.SIGINT)
            output, _ = run.communicate(timeout=3)
        finally:
            run.kill()
    assert run.returncode == pytest.ExitCode.INTERRUPTED
    assert "KeyboardInterrupt" in output
    wait_until(lambda: not any(server.exists() for server in servers), seconds=1)


def wait_until(true: Callable[[], bool], *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.02)
