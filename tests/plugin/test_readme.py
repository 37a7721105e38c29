"""What the README shows of a run is what happens."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from support.documents import PAGES, README, ROOT, blocks, text_of

CHANGING = [
    (r"(?m)^platform .*", "platform"),
    (r"(?m)^plugins: .*", "plugins"),
    (r"(?m)^rootdir: .*", "rootdir"),
    (r"PostgreSQL [\d.]+ \(.*\)", "PostgreSQL"),
    (r"in \d+\.\d+s", "in no time"),
    (r"=+", "="),
]
"""What differs from machine to machine, and what stands for it."""
PLAIN = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider")


def steady(text: str) -> str:
    for pattern, stands in CHANGING:
        text = re.sub(pattern, stands, text)
    return text.strip()


@pytest.mark.parametrize("number", [0, 1], ids=["a pass", "a failure"])
def test_captures(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    command, _, shown = blocks(README, "text")[number].partition("\n")
    monkeypatch.setenv("COLUMNS", "100")
    arguments = command.removeprefix("$ pytest ").split()
    done = subprocess.run([*PLAIN, *arguments], cwd=ROOT, capture_output=True, text=True)
    assert steady(done.stdout) == steady(shown)


def test_ids_that_are_named_are_those_of_checks() -> None:
    listing = [*PLAIN, "--schema-parity", "--collect-only", "-q", "pyproject.toml"]
    done = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True)
    text = "\n".join(map(text_of, PAGES))
    named = set(re.findall(r"pyproject\.toml::[\w:-]*\w", text))
    added = {"pyproject.toml::supabase::row-level-security"}  # by docs/writing-a-check.md
    assert named - added <= set(done.stdout.splitlines())
    assert named > added
