"""Without the flag the plugin adds nothing, and loads nothing but itself."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

RUN = """\
import atexit, json, sys

import pytest

@atexit.register
def note():
    with open(sys.argv[1], "w") as file:
        json.dump(sorted(sys.modules), file)

sys.exit(pytest.main(["-q", "-p", "no:postgresql", "-p", "no:hypothesispytest", *sys.argv[2:]]))
"""


def modules_at_the_end(directory: Path, *options: str) -> set[str]:
    """What a process that ran pytest has loaded when Python ends it."""
    directory.joinpath("test_it.py").write_text("def test_it():\n    pass\n")
    noted = directory / "modules.json"
    command = [sys.executable, "-c", RUN, str(noted), *options]
    subprocess.run(command, cwd=directory, check=True, capture_output=True, timeout=120)
    return set(json.loads(noted.read_text()))


def test_a_run_without_the_flag_loads_the_plugin_alone(tmp_path: Path) -> None:
    loaded = modules_at_the_end(tmp_path)
    ours = {name for name in loaded if name.startswith("pytest_schema_parity")}
    assert ours == {"pytest_schema_parity", "pytest_schema_parity.plugin"}
    assert not loaded & {"psycopg", "sqlparse", "hypothesis", "tomllib"}


def test_blocked_it_loads_nothing(tmp_path: Path) -> None:
    loaded = modules_at_the_end(tmp_path, "-p", "no:schema_parity")
    assert not {name for name in loaded if name.startswith("pytest_schema_parity.")} - {
        "pytest_schema_parity.plugin"
    }
