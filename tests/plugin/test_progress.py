"""What a terminal shows of trees that take their time, and a log does not."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_schema_parity.plugin import progress

TOLD = re.compile(r"building (prisma: file 1 of 1, )?supabase: file 2 of 3")


def seen(directory: Path, *options: str) -> str:
    """What a run of the gate writes to a terminal of 100 columns."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "pytest", "--schema-parity", "-k", "applies", *options]
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen(
        command, cwd=directory, stdin=theirs, stdout=theirs, stderr=theirs, env=environment
    ) as run:
        os.close(theirs)
        written = b""
        try:
            while more := os.read(ours, 65536):
                written += more
        except OSError:  # what Linux says when the other end is closed
            pass
    os.close(ours)
    assert run.returncode == 0, written.decode()
    return written.decode()


@pytest.fixture
def slow(project) -> Path:
    """A project with a migration that takes more than a second."""
    pytester = project()
    for number, text in ((2, "SELECT pg_sleep(1.5)"), (3, "SELECT 1")):
        path = pytester.path / "supabase" / "migrations" / f"2025010{number}000000_more.sql"
        path.write_text(text)
    return pytester.path


def test_a_terminal_shows_which_file_of_which_tree_and_clears_it_away(slow: Path) -> None:
    written = seen(slow)
    assert TOLD.search(written)
    shown = re.sub(r"\x1b7.*?\x1b8", "", written)  # what was drawn, and taken away again
    assert "building" not in shown
    assert written.rindex("\x1b7\x1b[K\x1b8") > written.rindex("building")
    assert re.search(r"pyproject\.toml (\x1b\[\d+m|\.)+ +.*\[100%\]", shown)


@pytest.mark.campaign
@pytest.mark.parametrize("options", [["-q"], ["-n1"], ["-p", "no:terminal"]])
def test_nothing_of_the_kind_is_shown_otherwise(slow: Path, options: list[str]) -> None:
    assert "building" not in seen(slow, *options)


@pytest.mark.campaign
def test_a_log_does_not_show_it(slow: Path) -> None:
    command = [sys.executable, "-m", "pytest", "--schema-parity", "-k", "applies"]
    done = subprocess.run(command, cwd=slow, capture_output=True, text=True, check=True)
    assert "building" not in done.stdout
    assert "\x1b" not in done.stdout


class Writer:
    """A line of which nothing is written yet."""

    fullwidth = 80
    width_of_current_line = 0

    def __init__(self) -> None: ...

    def flush(self) -> None: ...


class Looked:
    """Trees that are ready after so many looks, each of which takes half a second."""

    started = True

    def __init__(self, looks: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self.scheduler = self
        self.looks = looks
        self.now = 0.0
        monkeypatch.setattr(progress.time, "monotonic", lambda: self.now)

    def wait(self, seconds: float) -> dict[str, str]:
        self.now += max(seconds, 0.5)
        self.looks -= 1
        return {"a": "file 1 of 2"} if self.looks else {}


@pytest.mark.parametrize(("looks", "told"), [(3, False), (5, True)])
def test_only_what_takes_longer_than_a_second_is_shown(
    looks: int, told: bool, pytestconfig, monkeypatch, capsys
) -> None:
    monkeypatch.setattr(pytestconfig, "get_terminal_writer", lambda: Writer())
    shown = progress.Progress(pytestconfig, Looked(looks, monkeypatch))
    shown._wait()
    assert ("building a: file 1 of 2" in capsys.readouterr().out) == told
