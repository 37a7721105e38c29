"""Many workers, one build: what pytest-xdist spreads is the checks, not the servers."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

DRIFTED = """\
CREATE TABLE users (
    id varchar(40) PRIMARY KEY,
    email text NOT NULL
);
CREATE VIEW active_users AS
SELECT id FROM users;
CREATE TABLE more (id int);
"""
ROOT = "[tool.pytest.ini_options]\n"  # else pytest 8.0 has its rootdir where a worker started
GATE = ("--schema-parity", "pyproject.toml")
NOTES_WHERE = """
import json, os
from pathlib import Path

def note(tree):
    worker = os.environ.get("PYTEST_XDIST_WORKER", "none")
    with Path(__file__).with_name("where.txt").open("a") as file:
        file.write(f"{tree.name} {worker} {tree.target.host.data_directory}\\n")
"""
CHECKS_NOTE = (
    NOTES_WHERE
    + """
def pytest_schema_parity_checks():
    return {f"noted-{number}": note for number in range(12)}
"""
)
TESTS_NOTE = (
    NOTES_WHERE
    + """
import pytest

@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("tree", ["prisma", "supabase"])
def test_built(schema_parity, schema_parity_database, tree, number):
    with schema_parity_database[tree].connect() as connection:
        connection.execute("INSERT INTO users (id, email) VALUES ('1', 'a@b')")
        connection.commit()
    assert len(schema_parity[tree].schema.tables) == 1
    note(schema_parity[tree])
"""
)


def where(directory: Path) -> list[tuple[str, str, str]]:
    """Each time that a tree was used: its name, the worker, and its data directory."""
    file = directory.joinpath("where.txt")
    lines = file.read_text().splitlines() if file.exists() else []
    return [tuple(line.split(" ", 2)) for line in lines]


@pytest.fixture
def scratch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A temp dir for the runs of one test, in which the servers' user may make directories."""
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:
        Path(directory).chmod(0o1777)
        monkeypatch.setenv("TMPDIR", directory)
        yield Path(directory)


def left_over(scratch: Path, used: set[str]) -> list[Path]:
    """What of a test's runs is still there: where they met, and the clusters they used."""
    found = [path for path in scratch.iterdir() if "schema-parity-" in path.name]
    return found + [path for path in map(Path, used) if path.exists()]


def settled(scratch: Path, used: set[str]) -> list[Path]:
    """What is left over of runs that have ended, once what ends by itself has ended."""
    deadline = time.monotonic() + 30
    while (now := left_over(scratch, used)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return now


def test_each_tree_is_built_once(project) -> None:
    pytester = project()
    pytester.makeconftest(CHECKS_NOTE)
    result = pytester.runpytest_subprocess(*GATE, "-n2", "-k", "noted")
    assert result.ret == pytest.ExitCode.OK
    used = where(pytester.path)
    assert len({worker for _, worker, _ in used}) == 2
    assert len({directory for _, _, directory in used}) == 1


def test_fixtures_alone_share_a_build_too(project, scratch: Path) -> None:
    pytester = project()
    pytester.makepyfile(TESTS_NOTE)
    result = pytester.runpytest_subprocess("-n2")
    result.assert_outcomes(passed=6)
    used = where(pytester.path)
    assert len({worker for _, worker, _ in used}) == 2
    directories = {directory for _, _, directory in used}
    assert len(directories) == 2  # one for each tree
    assert not settled(scratch, directories)


@pytest.mark.campaign
def test_a_builder_that_has_done_its_tests_leaves_the_rest_to_others(project, scratch) -> None:
    pytester = project()
    slow = pytester.path / "supabase" / "migrations" / "20250102000000_slow.sql"
    slow.write_text("SELECT pg_sleep(3)")
    pytester.makepyfile(
        NOTES_WHERE
        + """
import time

def test_that_builds(schema_parity):
    note(schema_parity["prisma"])

def test_that_takes_over(schema_parity):
    time.sleep(1)
    note(schema_parity["prisma"])
    note(schema_parity["supabase"])
"""
    )
    result = pytester.runpytest_subprocess("-n2")
    result.assert_outcomes(passed=2)
    assert not settled(scratch, {directory for _, _, directory in where(pytester.path)})


@pytest.mark.campaign
def test_facts_that_cannot_be_handed_over_are_told_by_every_check(project) -> None:
    pytester = project()
    pytester.makeconftest(
        """
from dataclasses import replace

def pytest_schema_parity_fact(fact):
    return replace(fact, attributes={**fact.attributes, "made": (n for n in range(2))})
"""
    )
    result = pytester.runpytest_subprocess(*GATE, "-n2", "-k", "columns or tables", timeout=60)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*cannot be passed to another process: *generator*"])


@pytest.mark.campaign
def test_workers_meet_below_a_directory_that_hands_on_its_group(
    project, tmp_path, monkeypatch
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o3777)
    pytester = project()
    monkeypatch.setenv("TMPDIR", str(shared))
    result = pytester.runpytest_subprocess(*GATE, "-n2", "-k", "columns or tables")
    result.assert_outcomes(passed=2)


def test_a_broken_tree_is_told_by_every_worker(project) -> None:
    pytester = project()
    pytester.path.joinpath("pyproject.toml").open("a").write("platform = 'supabase'\n")
    pytester.makeconftest(
        """
        from pytest_schema_parity.errors import ServerError
        from pytest_schema_parity.building import targets

        def refuse(*args, **kwargs):
            raise ServerError("no server today")

        targets.start_cluster = refuse
        """
    )
    result = pytester.runpytest_subprocess(*GATE, "-n2")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "*supabase::applies*",
            "no server today",
            "not compared: supabase could not be built; see its check `applies` (no server today)",
        ]
    )


@pytest.mark.campaign
@pytest.mark.skipif(sys.platform != "linux", reason="looks for the workers in /proc")
@pytest.mark.parametrize("victim", ["controller", "worker"])
def test_nothing_is_left_of_a_run_that_is_killed(project, scratch: Path, victim: str) -> None:
    pytester = project()
    pytester.makepyfile(
        """
        import os, pathlib, time

        def test_waits(schema_parity):
            used = [str(schema_parity[tree].target.host.data_directory) for tree in schema_parity]
            new = pathlib.Path(__file__).with_name(f"{os.getpid()}.new")
            new.write_text(" ".join(used))
            new.rename(new.with_suffix(".worker"))
            time.sleep(0 if pathlib.Path(__file__).with_name("killed").exists() else 60)
        test_waits_too = test_waits
        """
    )
    command = [sys.executable, "-m", "pytest", "--schema-parity", "-n2", "-k", "waits or columns"]
    run = subprocess.Popen(command, cwd=pytester.path, stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    while len(workers := list(pytester.path.glob("*.worker"))) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    used = set(workers[0].read_text().split())
    assert len(left_over(scratch, used)) >= 3
    pytester.path.joinpath("killed").touch()
    for process in [run.pid] if victim == "controller" else [int(w.stem) for w in workers]:
        os.kill(process, signal.SIGKILL)
    run.communicate(timeout=60)
    assert run.returncode != 0
    assert not settled(scratch, used)


@dataclass(frozen=True)
class Host:
    """A server for workers that has directories of its own, as another machine would."""

    spec: str
    directory: Path

    @property
    def cached(self) -> list[Path]:
        return list(self.directory.glob("cache/pytest-schema-parity/images/*.image"))


@pytest.fixture
def other_host(tmp_path: Path) -> Iterator[Host]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    directory = tmp_path / "other host"
    for name in ("home", "cache", "tmp"):
        directory.joinpath(name).mkdir(parents=True)
    environment = os.environ | {
        "HOME": str(directory / "home"),
        "XDG_CACHE_HOME": str(directory / "cache"),
        "TMPDIR": str(directory / "tmp"),
    }
    script = [sys.executable, "-u", "-m", "execnet.script.socketserver", address]
    with subprocess.Popen(
        script, cwd=directory / "home", env=environment, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        assert "Accept" in server.stdout.readline()
        yield Host(f"socket={address}", directory)
        server.kill()


@pytest.mark.campaign
@pytest.mark.parametrize("local", [[], ["--tx=popen"]], ids=["alone", "beside a local one"])
def test_a_worker_on_another_host_builds_there(
    project, other_host: Host, scratch: Path, local
) -> None:
    pytester = project(DRIFTED, extra=ROOT)
    pytester.makeconftest(CHECKS_NOTE)
    serial = pytester.runpytest_subprocess(*GATE, "--schema-parity-report=json:serial.json")
    pytester.path.joinpath("where.txt").unlink()
    spread = pytester.runpytest_subprocess(
        "--schema-parity",
        str(pytester.path / "pyproject.toml"),
        "--schema-parity-report=json:spread.json",
        "--dist=load",
        f"--rsyncdir={pytester.path}",
        *local,
        f"--tx={other_host.spec}",
    )
    outcomes = spread.parseoutcomes()
    outcomes.pop("warnings", None)  # of xdist, on --rsyncdir
    assert outcomes == serial.parseoutcomes()
    reports = [pytester.path / f"{name}.json" for name in ("serial", "spread")]
    assert len({report.read_text() for report in reports}) == 1
    assert other_host.cached
    remote = other_host.directory.glob("home/pyexecnetcache/*/where.txt")
    there = {directory for file in remote for _, _, directory in where(file.parent)}
    here = {directory for _, _, directory in where(pytester.path)}
    assert len(there) == 1 or local  # either may be too slow to get a check that notes where
    assert len(here) <= len(local)
    assert there | here
    assert not there & here
    assert not settled(scratch, there | here)


@pytest.mark.campaign
def test_properties_that_look_like_ours(project) -> None:
    pytester = project()
    pytester.makepyfile(
        """
        def test_of_the_project(record_property):
            record_property("schema_parity_version", "1")
            record_property("schema_parity_tree", "supabase")
            assert False, "as it should"
        """
    )
    result = pytester.runpytest_subprocess(
        "--schema-parity", "-n1", "-k", "of_the_project or columns"
    )
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["FAILED *::test_of_the_project - Asse*"])
    result.stdout.no_fnmatch_line("*INTERNALERROR*")
