"""``--schema-parity-keep``: servers that stay, how to reach them, and how they go."""

from __future__ import annotations

import os
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


@pytest.mark.parametrize("workers", [[], pytest.param(["-n1"], marks=pytest.mark.campaign)])
def test_the_printed_commands_work(project, workers: list[str]) -> None:
    result = project().runpytest_subprocess(
        "--schema-parity", "-k", "columns", "--schema-parity-keep", *workers
    )
    assert result.ret == pytest.ExitCode.OK
    commands = dict(re.findall(r"^(\w+): (psql .*)$", result.stdout.str(), re.MULTILINE))
    assert list(commands) == ["prisma", "supabase"]
    (end,) = re.findall(r"^To stop .*: (kill -INT \d+ \d+)$", result.stdout.str(), re.MULTILINE)
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
    result.stdout.fnmatch_lines(["*schema parity: kept*", "no servers: *"])


@pytest.mark.campaign
def test_what_is_not_built_by_the_end_does_not_stay(project) -> None:
    pytester = project()
    sleeps = pytester.path / "supabase" / "migrations" / "20250102000000_sleeps.sql"
    sleeps.write_text("SELECT pg_sleep(60);")
    pytester.makeconftest(
        """
        import time
        from pathlib import Path
        from pytest_schema_parity.building import targets

        start = targets.start_cluster

        def note(*args, **kwargs):
            cluster = start(*args, **kwargs)
            with Path("directories.txt").open("a") as file:
                print(cluster.socket_directory, file=file)
            return cluster

        targets.start_cluster = note
        """
    )
    pytester.makepyfile(
        """
        def test_it(schema_parity):
            assert schema_parity["prisma"].schema.tables
            while "file 2" not in str(schema_parity._parity.trees.scheduler.wait(0.05)):
                pass
        """
    )
    result = pytester.runpytest_subprocess("-k", "test_it", "--schema-parity-keep")
    result.assert_outcomes(passed=1)
    (directory,) = re.findall(r"^prisma: psql -h (\S+) ", result.stdout.str(), re.MULTILINE)
    (end,) = re.findall(r"^To stop .*: (kill -INT \d+)$", result.stdout.str(), re.MULTILINE)
    subprocess.run(shlex.split(end), check=True)
    started = pytester.path.joinpath("directories.txt").read_text().split()
    assert len(started) == 2
    assert directory in started
    deadline = time.monotonic() + 20
    while any(map(os.path.exists, started)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(map(os.path.exists, started))
