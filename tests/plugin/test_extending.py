"""A new check is one file and one line, a new report format too; neither knows the other."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import pytest_schema_parity

PACKAGE = Path(pytest_schema_parity.__file__).parent

CHECK = '''\
"""``colours``: tables have a colour."""

from pytest_schema_parity.checks.check import Check
from pytest_schema_parity.findings.evidence import Text, Values
from pytest_schema_parity.findings.finding import Finding


def find(context):
    for table in context.build(context.tree).schema.tables:
        yield Finding(
            tree=context.tree,
            check="colours",
            kind="colour",
            name=table,
            change="missing",
            impact="form",
            title=f"{table} has no colour",
            evidence=(Text(("look at it",)),),
        )


CHECK = Check(names=("colours",), find=find, kinds=frozenset({"colour"}))
'''
REPORT = '''\
"""A report of one line a finding."""

OPENING = "findings:"


def render(run):
    found = [f.title for tree in run.trees.values() for f in tree.findings]
    return "\\n".join([OPENING, *found, run.verdict, ""])
'''


@pytest.fixture
def extended(tmp_path: Path) -> Path:
    """A copy of the package with one check and one report format more."""
    package = tmp_path / "site" / "pytest_schema_parity"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "checks" / "colours.py").write_text(CHECK)
    (package / "report" / "lines.py").write_text(REPORT)
    add_line(
        package / "checks" / "registry.py",
        after="    structure.CHECK,\n",
        line="    __import__('pytest_schema_parity.checks.colours', fromlist=['x']).CHECK,\n",
    )
    add_line(
        package / "report" / "formats.py",
        after='        "json": Format(json_report.render, json_report.OPENING),\n',
        line="        'lines': Format(__import__('pytest_schema_parity.report.lines',"
        " fromlist=['x']).render, 'findings:'),\n",
    )
    return package.parent


def add_line(file: Path, *, after: str, line: str) -> None:
    text = file.read_text()
    assert text.count(after) == 1
    file.write_text(text.replace(after, after + line))


@pytest.mark.campaign
@pytest.mark.parametrize("workers", [[], ["-n1"]])
def test_a_check_and_a_format_are_one_file_and_one_line_each(
    project, extended: Path, workers: list[str]
) -> None:
    pytester = project()
    command = [sys.executable, "-m", "pytest", "--schema-parity", "-k", "applies or colours"]
    command += workers
    command += [f"--schema-parity-report={kind}:r.{kind}" for kind in ("json", "markdown", "lines")]
    environment = {**os.environ, "PYTHONPATH": str(extended)}
    done = subprocess.run(
        command, cwd=pytester.path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout + done.stderr
    assert "1 missing colour in supabase: public.users\n" in done.stdout
    assert "colours  ·       ✗ 1\n" in done.stdout
    report = json.loads((pytester.path / "r.json").read_text())
    assert report["checks"]["supabase"]["colours"] == "failed"
    assert [found["title"] for found in report["findings"]] == ["public.users has no colour"]
    assert report["verdict"] == "drift"
    markdown = (pytester.path / "r.markdown").read_text()
    assert "### colours\n\n```text\n1 missing colour in supabase: public.users\n" in markdown
    lines = (pytester.path / "r.lines").read_text()
    assert "public.users has no colour\n" in lines


@pytest.mark.campaign
def test_an_allowance_may_name_the_kind_of_such_a_check(project, extended: Path) -> None:
    rule = '[[tool.pytest-schema-parity.allow]]\nkind = "colour"\nreason = "grey is fine"\n'
    pytester = project(extra=rule)
    command = [sys.executable, "-m", "pytest", "--schema-parity", "-k", "colours or allowances"]
    environment = {**os.environ, "PYTHONPATH": str(extended)}
    done = subprocess.run(
        command, cwd=pytester.path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == pytest.ExitCode.OK, done.stdout + done.stderr
    assert "public.users has no colour, allowed: grey is fine" in done.stdout
