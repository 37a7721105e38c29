"""Clusters are stopped and removed however the process that started them ends."""

from __future__ import annotations

import errno
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.postgres import rundir
from pytest_schema_parity.postgres.account import server_account
from pytest_schema_parity.postgres.cluster import start_cluster
from pytest_schema_parity.postgres.installation import Installation
from pytest_schema_parity.postgres.lifeline import Lifeline

PATIENCE = 20.0

STARTS = """
import signal, sys, time
from pathlib import Path
from pytest_schema_parity.postgres import base_directories, rundir
from pytest_schema_parity.postgres.account import server_account
from pytest_schema_parity.postgres.cluster import start_cluster
from pytest_schema_parity.postgres.installation import find_installation
if sys.argv[2:]:
    base_directories.base_directories = rundir.base_directories = lambda: [Path(sys.argv[2])]
cluster = start_cluster(find_installation(bindir=Path(sys.argv[1])), name="dies")
postmaster = (cluster.data_directory / "postmaster.pid").read_text().split()[0]
print(cluster.socket_directory, postmaster, cluster.conninfo(), sep="\\n", flush=True)
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
"""


class Victim:
    """A Python process with a cluster, in a process group of its own as pytest is."""

    def __init__(self, installation: Installation, base: str) -> None:
        script = STARTS + "time.sleep(600)"
        command = [sys.executable, "-c", script, str(installation.bindir), base]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        assert self.process.stdout is not None
        lines = [self.process.stdout.readline().strip() for _ in range(3)]
        self.directory, self.postmaster, self.conninfo = Path(lines[0]), int(lines[1]), lines[2]
        self.shell = parent_of(self.postmaster)

    def die(self, end: Callable[[int], None]) -> None:
        end(self.process.pid)
        self.process.wait(PATIENCE)
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def victim(installation: Installation) -> Iterator[Victim]:
    with tempfile.TemporaryDirectory(dir="/tmp") as base:  # where no other run sweeps
        Path(base).chmod(0o1777)
        victim = Victim(installation, base)
        yield victim
        if victim.process.poll() is None:  # the test failed
            victim.die(lambda process: os.kill(process, signal.SIGKILL))
        wait_until(lambda: not victim.directory.exists())


def test_after_kill_9_the_server_is_stopped_and_its_directory_removed(victim: Victim) -> None:
    client = psycopg.connect(victim.conninfo)
    client.execute("CREATE TABLE in_use (id int)")
    victim.die(lambda process: os.kill(process, signal.SIGKILL))
    wait_until(lambda: not is_running(victim.postmaster) and not victim.directory.exists())
    wait_until(lambda: not is_running(victim.shell))
    client.close()


def test_the_same_after_kill_9_of_the_process_group(victim: Victim) -> None:
    victim.die(lambda process: os.killpg(process, signal.SIGKILL))
    wait_until(lambda: not is_running(victim.postmaster) and not victim.directory.exists())


def test_ctrl_c_does_not_reach_the_server(victim: Victim) -> None:
    for process in (victim.postmaster, victim.shell):
        assert os.getsid(process) != victim.process.pid
        assert os.getpgid(process) != victim.process.pid
    victim.die(lambda process: os.killpg(process, signal.SIGINT))
    wait_until(lambda: not is_running(victim.postmaster) and not victim.directory.exists())


def test_the_next_start_stops_a_server_whose_shell_was_killed(victim: Victim) -> None:
    os.kill(victim.shell, signal.SIGKILL)
    base = [victim.directory.parent]
    assert list(rundir.stale_directories(base)) == []
    victim.die(lambda process: os.kill(process, signal.SIGKILL))
    assert is_running(victim.postmaster)
    # The killed shell may take a moment to let go of the lock.
    wait_until(lambda: list(rundir.stale_directories(base)) == [victim.directory])
    rundir.remove_stale(base)
    wait_until(lambda: not is_running(victim.postmaster))
    assert not victim.directory.exists()


def test_a_process_that_does_not_stop_its_cluster_exits_at_once(installation: Installation) -> None:
    command = [sys.executable, "-c", STARTS, str(installation.bindir)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True)
    directory, postmaster, _ = done.stdout.splitlines()
    wait_until(lambda: not is_running(int(postmaster)) and not Path(directory).exists())


def test_nothing_is_left_if_no_more_files_can_be_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_many(*_given: object, **_more: object) -> tuple[int, int]:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(rundir, "choose_base_directory", lambda _account: tmp_path)
    monkeypatch.setattr(os, "pipe", too_many)
    monkeypatch.setattr(shutil, "rmtree", lambda *_given, **_more: None)  # it opens, too
    with pytest.raises(OSError, match="Too many open files"):
        Lifeline(server_account())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("which", ["the shell", "the server"])
def test_stopping_works_if_the_shell_or_the_server_was_killed(
    installation: Installation, which: str
) -> None:
    cluster = start_cluster(installation, name="maimed")
    lines = (cluster.data_directory / "postmaster.pid").read_text().splitlines()
    postmaster, memory = int(lines[0]), lines[6].split()[1]
    shell = parent_of(postmaster)
    os.kill(shell if which == "the shell" else postmaster, signal.SIGKILL)
    cluster.stop()
    wait_until(lambda: not is_running(postmaster) and not is_running(shell))
    assert not cluster.socket_directory.exists()
    if (segments := Path("/proc/sysvipc/shm")).exists():
        assert memory not in [line.split()[1] for line in segments.read_text().splitlines()]


def test_the_error_names_a_directory_that_cannot_be_removed(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = start_cluster(installation, name="stays")
    postmaster = int((cluster.data_directory / "postmaster.pid").read_text().split()[0])
    os.kill(parent_of(postmaster), signal.SIGKILL)
    with monkeypatch.context() as patched:
        patched.setattr(rundir, "_kill_and_remove", lambda _path: None)
        with pytest.raises(ServerError, match=re.escape(f"{cluster.socket_directory} cannot be")):
            cluster.stop()
    rundir._kill_and_remove(cluster.socket_directory)
    assert not cluster.socket_directory.exists()


@pytest.mark.skipif(not Path("/proc/sysvipc/shm").exists(), reason="needs /proc/sysvipc")
def test_shared_memory_of_a_killed_server_is_removed(
    victim: Victim,
) -> None:
    pid_file = victim.directory / "data" / "postmaster.pid"
    memory = pid_file.read_text().splitlines()[6].split()[1]
    for process in (victim.shell, victim.postmaster):
        os.kill(process, signal.SIGKILL)
    victim.die(lambda process: os.kill(process, signal.SIGKILL))
    wait_until(lambda: attached(memory) == "0")  # its children end when they notice
    rundir.remove_stale([victim.directory.parent])
    assert not victim.directory.exists()
    assert attached(memory) is None


@pytest.mark.skipif(not Path("/proc/sysvipc/shm").exists(), reason="needs /proc/sysvipc")
def test_shared_memory_in_use_or_with_another_key_is_not_removed(victim: Victim) -> None:
    pid_file = victim.directory / "data" / "postmaster.pid"
    key, memory = pid_file.read_text().splitlines()[6].split()
    rundir._remove_shared_memory(key, memory)  # in use
    rundir._remove_shared_memory(str(int(key) + 1), memory)
    assert attached(memory) not in (None, "0")


def attached(memory: str) -> str | None:
    """The number of processes that use a segment of shared memory; None if it is missing."""
    for line in Path("/proc/sysvipc/shm").read_text().splitlines():
        if line.split()[1] == memory:
            return line.split()[6]
    return None


def test_only_our_own_directories_are_stale(tmp_path: Path) -> None:
    for name in ("schema-parity-theirs", "schema-parity-pg-dead", "schema-parity-run-dead"):
        (tmp_path / name).mkdir(mode=0o700)
    (tmp_path / "schema-parity-pg-wide").mkdir()
    (tmp_path / "schema-parity-pg-wide").chmod(0o755)
    (tmp_path / "schema-parity-pg-file").touch(mode=0o700)
    (tmp_path / "schema-parity-pg-link").symlink_to(tmp_path / "schema-parity-theirs")
    stale = {path.name for path in rundir.stale_directories([tmp_path])}
    assert stale == {"schema-parity-pg-dead", "schema-parity-run-dead"}


def test_a_directory_that_is_removed_before_it_is_locked_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, made = tempfile.mkdtemp, []

    def make_and_remove_the_first(**given: Any) -> str:
        made.append(make(**given))
        if len(made) == 1:
            rundir.remove_stale([tmp_path])
        return made[-1]

    monkeypatch.setattr(rundir, "choose_base_directory", lambda _account: tmp_path)
    monkeypatch.setattr(tempfile, "mkdtemp", make_and_remove_the_first)
    run = rundir.make_run_directory(server_account())
    rundir.remove_stale([tmp_path])  # which it survives, being locked
    assert [str(path) for path in tmp_path.iterdir()] == made[1:] == [str(run.path)]
    run.remove()
    assert list(tmp_path.iterdir()) == []


def parent_of(process: int) -> int:
    return int(status_of(process)[1])


def is_running(process: int) -> bool:
    """Whether a process runs; a zombie does not."""
    return status_of(process)[0] not in ("", "Z")


def status_of(process: int) -> tuple[str, str]:
    """The state of a process (one letter) and its parent's id; empty if there is none."""
    if Path("/proc/self/stat").exists():
        try:
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return "", ""
    else:
        command = ["ps", "-o", "stat=,ppid=", "-p", str(process)]
        fields = subprocess.run(command, capture_output=True, text=True).stdout.split()
    return (fields[0][0], fields[1]) if fields else ("", "")


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "still there"
        time.sleep(0.02)
