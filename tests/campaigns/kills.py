"""Kill runs of the gate at random moments, and look for what they leave.

``python tests/campaigns/kills.py [RUNS] [SEED]`` kills pytest, a worker, one of our shells, initdb,
a postmaster or a backend of each run with SIGKILL, and tells of every run that hung, every process,
directory and shared-memory segment that stayed, and of every next run that did not pass. With
``interrupt`` as third word it is pytest that gets a signal that ends it, or two. Linux.
What other runs on the machine leave would count, too: keep it apart, with ``unshare`` if need be.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pytest_schema_parity.postgres.base_directories import base_directories

LONGEST = 60.0
"""Seconds after which a run counts as hanging."""
SETTLING = 10.0
"""Seconds in which what ends by itself has to be gone."""
CONFIGURATION = """\
[tool.pytest-schema-parity]
reference = "a"

[tool.pytest-schema-parity.trees]
a = { files = ["a.sql"] }
b = { files = ["b.sql"] }
"""
STARTING = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
"""What a shell runs in the background ignores the interrupt; pytest at a terminal does not."""
SQL = "CREATE TABLE t (id int PRIMARY KEY); CREATE VIEW v AS SELECT id FROM t;"


@dataclass(frozen=True)
class Process:
    """A process, told from a later one of the same number by when it began."""

    number: int
    began: str

    @property
    def lives(self) -> bool:
        now = look(self.number)
        return now is not None and now[0] == self.began and now[2] != "Z"


def look(number: int) -> tuple[str, int, str] | None:
    """When a process began, its parent, and its state; None if there is none."""
    try:
        status = Path("/proc", str(number), "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return status[19], int(status[1]), status[0]


def kind(number: int) -> str | None:
    """What a process of a run is, by its command line."""
    try:
        words = Path("/proc", str(number), "cmdline").read_bytes().decode().split("\0")
    except OSError:
        return None
    match words:
        case ["/bin/sh", "-c", _, "schema-parity-lifeline" | "schema-parity-guard", *_]:
            return "shell"
        case [name, *_] if name.startswith("postgres: "):
            return "backend"
        case [name, "-D", *_] if name.endswith("/postgres"):
            return "postmaster"
        case [name, *_] if name.endswith("/initdb"):
            return "initdb"
        case [_, "-u", "-c", "import sys;exec(eval(sys.stdin.readline()))", *_]:
            return "worker"
    return "pytest" if "--schema-parity" in words else None


@dataclass
class Watch:
    """Every process that ever descended from a run, looked for all the time."""

    run: subprocess.Popen[bytes]
    seen: set[Process] = field(default_factory=set)
    over: threading.Event = field(default_factory=threading.Event)
    had_shell: bool = False

    def descendants(self) -> Iterator[int]:
        parents = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and (status := look(int(entry.name))):
                parents[int(entry.name)] = status[1]
        ours = {self.run.pid, *(process.number for process in list(self.seen) if process.lives)}
        while more := {n for n, parent in parents.items() if parent in ours} - ours:
            ours |= more
        yield from ours

    def kinds(self) -> dict[str, list[int]]:
        """The processes that live now, by what they are."""
        kinds: dict[str, list[int]] = {}
        for number in sorted(self.descendants()):
            if (what := kind(number)) is not None:
                kinds.setdefault(what, []).append(number)
        self.had_shell |= "shell" in kinds
        return kinds

    def look_around(self) -> None:
        for number in self.descendants():
            if status := look(number):
                self.seen.add(Process(number, status[0]))

    def keep_looking(self) -> None:
        while not self.over.wait(0.01):
            self.look_around()


def leftovers() -> set[str]:
    """Directories of runs, and segments of shared memory, of System V's kind and of POSIX's."""
    segments = Path("/proc/sysvipc/shm").read_text().splitlines()[1:]
    left = {f"shm {line.split()[1]}" for line in segments}
    left |= {str(path) for path in Path("/dev/shm").glob("PostgreSQL.*")}
    for prefix in ("schema-parity-pg-", "schema-parity-run-"):
        left |= {str(path) for base in base_directories() for path in base.glob(f"{prefix}*")}
    return left


def broken(cache: Path) -> set[str]:
    """What of a cache is neither whole nor a lock."""
    return {str(path) for path in cache.glob("**/*.new")}


def stage(kinds: dict[str, list[int]], watch: Watch) -> str:
    """How far a run has come, by the processes that it has."""
    if watch.run.poll() is not None:
        return "over"
    for what, name in (("initdb", "making an image"), ("backend", "at work on a server")):
        if what in kinds:
            return name
    if "postmaster" in kinds or "shell" in kinds:
        return "starting or stopping a server"
    return "ending" if watch.had_shell else "loading"


def killed(
    project: Path, choose: random.Random, environment: dict[str, str], interrupt: bool
) -> tuple[str, str, list[str]]:
    """Run the gate, kill one of its processes; whom, when, and what is wrong afterwards."""
    before = leftovers()
    workers = choose.choice([[], ["-n2"]])
    command = [sys.executable, "-m", "pytest", "-q", "--schema-parity", "schema-parity.toml"]
    run = subprocess.Popen(
        [*command, *workers, "-p", "no:cacheprovider"],
        cwd=project,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    watch = Watch(run)
    watcher = threading.Thread(target=watch.keep_looking)
    watcher.start()
    awaited = choose.choice(["pytest", "shell", "shell", "initdb", "postmaster", "backend"])
    while run.poll() is None and awaited not in watch.kinds():
        time.sleep(0.002)
    time.sleep(choose.uniform(0.0, 0.5))
    kinds = watch.kinds()
    when = stage(kinds, watch)
    if interrupt:
        name = interrupted(run, choose)
    else:
        victim = choose.choice(kinds[choose.choice(sorted(kinds))]) if kinds else run.pid
        name = kind(victim) or "nobody"
        with suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
    wrong = []
    try:
        run.wait(LONGEST)
    except subprocess.TimeoutExpired:
        wrong.append(f"hung for {LONGEST:.0f} s")
        run.kill()
        run.wait()
    wrong += settle(watch, before)
    watch.over.set()
    watcher.join()
    return name, when, wrong


def interrupted(run: subprocess.Popen[bytes], choose: random.Random) -> str:
    """Send pytest what a terminal, a supervisor or an impatient user would send; its name."""
    ways = ["SIGINT", "SIGINT SIGINT", "SIGTERM", "SIGHUP", "SIGINT SIGTERM"]
    way = choose.choice(ways)
    for name in way.split():
        run.send_signal(signal.Signals[name])
        time.sleep(choose.uniform(0.0, 0.1))
    return way


def settle(watch: Watch, before: set[str]) -> list[str]:
    """What stays of a run that has ended."""
    deadline = time.monotonic() + SETTLING
    while True:
        alive = [process for process in list(watch.seen) if process.lives]
        stayed = [f"process {p.number} ({kind(p.number)})" for p in alive]
        stayed += sorted(leftovers() - before)
        if not stayed or time.monotonic() > deadline:
            return stayed
        time.sleep(0.05)


def main(runs: int, seed: int, interrupt: bool) -> int:
    """Kill so many runs; returns how many were left in disorder."""
    choose = random.Random(seed)
    deaths: Counter[tuple[str, str]] = Counter()
    disorder = 0
    with tempfile.TemporaryDirectory(prefix="kills-") as scratch:
        project = Path(scratch, "project")
        cache = Path(scratch, "cache")
        project.mkdir()
        project.joinpath("schema-parity.toml").write_text(CONFIGURATION)
        project.joinpath("conftest.py").write_text(STARTING)
        for name in ("a.sql", "b.sql"):
            project.joinpath(name).write_text(SQL)
        environment = os.environ | {"XDG_CACHE_HOME": str(cache)}
        for number in range(1, runs + 1):
            if choose.random() < 0.4:
                shutil.rmtree(cache, ignore_errors=True)  # so that making an image is hit, too
            victim, when, wrong = killed(project, choose, environment, interrupt)
            deaths[victim, when] += 1
            if number % 5 == 0:
                wrong += next_run(project, environment) + sorted(broken(cache))
            if wrong:
                disorder += 1
                print(f"run {number}, {victim} while {when}: {'; '.join(wrong)}", flush=True)
    for (victim, when), count in sorted(deaths.items()):
        print(f"{count:5} {victim:14} {when}")
    print(f"{runs} runs killed, {disorder} in disorder, seed {seed}")
    return disorder


def next_run(project: Path, environment: dict[str, str]) -> list[str]:
    """Whether the gate passes after all that."""
    command = [sys.executable, "-m", "pytest", "-q", "--schema-parity", "schema-parity.toml"]
    done = subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, check=False
    )
    return [] if done.returncode == 0 else [f"the next run did not pass:\n{done.stdout}"]


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:3]]
    runs, seed = (*numbers, *(200, 1)[len(numbers) :])
    sys.exit(min(main(runs, seed, sys.argv[3:] == ["interrupt"]), 100))
