"""The worked example needs no superuser."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.campaign
def test_its_trees_are_at_parity_without(pytester: pytest.Pytester) -> None:
    configuration = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    table = configuration[configuration.index("[tool.pytest-schema-parity]") :]
    text = table.replace('platform = "supabase"', 'platform = "supabase"\nsuperuser = false', 1)
    pytester.path.joinpath("pyproject.toml").write_text(text, encoding="utf-8")
    pytester.path.joinpath("sql").symlink_to(ROOT / "sql")
    pytester.makeconftest((ROOT / "conftest.py").read_text(encoding="utf-8"))
    result = pytester.runpytest_subprocess("--schema-parity", "pyproject.toml")
    result.assert_outcomes(passed=21)
    result.stdout.fnmatch_lines(["*reference prisma: * platform supabase, no superuser", "*"])


def test_a_tree_that_needs_one_is_told(project) -> None:
    pytester = project(extra="superuser = false\n")
    pytester.path.joinpath("supabase/migrations/20250102000000_more.sql").write_text(
        "CREATE TABLE made_before (id int);\nCOPY made_before FROM PROGRAM 'id';\n"
    )
    result = pytester.runpytest_subprocess("--schema-parity", "-k", "applies or tables")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*_more.sql:2:1: permission denied to COPY * program (42501)*"])


def test_it_cannot_be_had_on_a_server_that_is_lent(project) -> None:
    pytester = project()
    file = pytester.path / "pyproject.toml"
    keys = 'server = "postgresql_noproc"\nsuperuser = false\nreference = '
    file.write_text(file.read_text().replace("reference = ", keys))
    result = pytester.runpytest_subprocess("--schema-parity", "pyproject.toml")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*superuser: needs its own server*remove the key*"])
