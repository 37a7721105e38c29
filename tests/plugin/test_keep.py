"""``--schema-parity-keep``: servers that stay, how to reach them, and how they go."""

from __future__ import annotations

import re
import shlex
import subprocess
import time
from pathlib import Path

import psycopg
import pytest


def connect(psql: str) -> psycopg.Connection:
    """What the printed psql command connects to."""
    words = shlex.split(psql)
    given = dict(zip(words[1::2], words[2::2], strict=True))
    return psycopg.connect(host=given["-h"], port=given["-p"], user=given["-U"], dbname=given["-d"])


@pytest.mark.parametrize("workers", [[], ["-n2"]])
def test_the_printed_commands_work(project, workers: list[str]) -> None:
    result = project().runpytest_subprocess(
        "--schema-parity", "pyproject.toml", "--schema-parity-keep", *workers
    )
    assert result.ret == pytest.ExitCode.OK
    commands = dict(re.findall(r"^(\w+): (psql .*)$", result.stdout.str(), re.MULTILINE))
    assert list(commands) == ["prisma", "supabase"]
    (end,) = re.findall(r"^To end .*: (kill -INT \d+ \d+)$", result.stdout.str(), re.MULTILINE)
    try:
        for command in commands.values():
            with connect(command) as connection:
                assert connection.execute("SELECT count(*) FROM users").fetchone() == (0,)
    finally:
        subprocess.run(shlex.split(end), check=True)
    directories = [Path(shlex.split(command)[2]) for command in commands.values()]
    deadline = time.monotonic() + 20
    while any(directory.exists() for directory in directories) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(directory.exists() for directory in directories)


def test_where_nothing_was_built_it_says_so(project) -> None:
    pytester = project()
    pytester.makepyfile("def test_of_the_project(): pass")
    result = pytester.runpytest_subprocess("--schema-parity-keep")
    result.stdout.fnmatch_lines(["*schema parity: kept*", "nothing: *"])
