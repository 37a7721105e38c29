"""What the README shows is what happens."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from pytest_schema_parity.config import load_config

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CHANGING = [
    (r"(?m)^platform .*", "platform"),
    (r"(?m)^plugins: .*", "plugins"),
    (r"(?m)^rootdir: .*", "rootdir"),
    (r"PostgreSQL [\d.]+ \(.*\)", "PostgreSQL"),
    (r"in \d+\.\d+s", "in no time"),
    (r"=+", "="),
]
"""What differs from machine to machine, and what stands for it."""


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def steady(text: str) -> str:
    for pattern, stands in CHANGING:
        text = re.sub(pattern, stands, text)
    return text.strip()


@pytest.mark.parametrize("number", [0, 1], ids=["a pass", "a failure"])
def test_captures(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    command, _, shown = blocks("text")[number].partition("\n")
    monkeypatch.setenv("COLUMNS", "100")
    arguments = command.removeprefix("$ pytest ").split()
    plain = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
    done = subprocess.run([*plain, *arguments], cwd=ROOT, capture_output=True, text=True)
    assert steady(done.stdout) == steady(shown)


def test_assertions_of_ones_own(pytester: pytest.Pytester) -> None:
    (tests,) = [block for block in blocks("python") if "def test_" in block]
    pytester.path.joinpath("sql").symlink_to(ROOT / "sql")
    pytester.path.joinpath("pyproject.toml").write_text(ROOT.joinpath("pyproject.toml").read_text())
    pytester.mkdir("tests").joinpath("test_of_ones_own.py").write_text(tests)
    result = pytester.runpytest_subprocess("tests", "-p", "pytester")
    result.assert_outcomes(passed=tests.count("def test_"))


def test_the_workflow_is_the_one_in_use() -> None:
    workflow = ROOT / ".github" / "workflows" / "schema-parity.yml"
    assert workflow.read_text(encoding="utf-8") in blocks("yaml")


def test_configurations(tmp_path: Path) -> None:
    whole, allowance = blocks("toml")
    assert "actual = " in allowance
    file = tmp_path / "pyproject.toml"
    file.write_text(whole + allowance)
    configuration = load_config(file)
    assert configuration is not None
    assert configuration.candidates == ("supabase",)
    assert [rule.actual for rule in configuration.allow] == [["SELECT"]] * 2


def test_every_option_is_told(pytester: pytest.Pytester) -> None:
    helped = set(re.findall(r"--schema-parity[\w-]*", pytester.runpytest("--help").stdout.str()))
    told = set(re.findall(r"--schema-parity[\w-]*", README))
    assert helped == told


def test_extras_and_python_are_those_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert set(re.findall(r"\[(\w+)\]\"", README)) <= set(project["optional-dependencies"])
