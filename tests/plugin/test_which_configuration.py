"""Which configuration a run has: in a monorepo, from anywhere, with any ini file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

INI = "[pytest]\n"


def add_package(directory: Path, candidate: str, file: str = "pyproject.toml") -> None:
    """A package with a configuration whose candidate tells it from others, and with a test."""
    for name in ("tests", "prisma", candidate):
        directory.joinpath(name).mkdir(parents=True)
    directory.joinpath("tests", f"test_{candidate}.py").write_text("def test_it(): pass")
    for tree in ("prisma", candidate):
        directory.joinpath(tree, "001_init.sql").write_text("CREATE TABLE users (id int);")
    table = "tool.pytest-schema-parity"
    trees = [f'[{table}.trees.{tree}]\npath = "{tree}"\n' for tree in ("prisma", candidate)]
    directory.joinpath(file).write_text(f'[{table}]\nreference = "prisma"\n{"".join(trees)}')


@pytest.fixture
def monorepo(pytester: pytest.Pytester) -> pytest.Pytester:
    """Two packages with a configuration each, one without, and none at the top."""
    add_package(pytester.path / "a", "of_a")
    add_package(pytester.path / "b", "of_b")
    pytester.mkdir("plain").joinpath("test_plain.py").write_text("def test_it(): pass")
    pytester.path.joinpath("pytest.ini").write_text(INI)
    return pytester


def collect(pytester: pytest.Pytester, *args: object, at: str = ".") -> pytest.RunResult:
    os.chdir(pytester.path / at)
    return pytester.runpytest_inprocess("--schema-parity", "--collect-only", "-q", *args)


def candidates(result: pytest.RunResult) -> set[str]:
    ids = [line.split("::") for line in result.outlines if line.count("::") == 2]
    return {tree for _, tree, _ in ids} - {"prisma"}


def assert_refused(result: pytest.RunResult, *said: str) -> None:
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    for pattern in said:
        result.stderr.fnmatch_lines([pattern])


@pytest.mark.parametrize(
    ("at", "args", "expected"),
    [
        ("a", [], "of_a"),
        ("b/tests", [], "of_b"),
        (".", ["a"], "of_a"),
        (".", ["a/tests"], "of_a"),
        (".", ["b/tests/test_of_b.py::test_it", "b/tests"], "of_b"),
        (".", ["b/pyproject.toml"], "of_b"),
        (".", ["b/pyproject.toml", "a/tests"], "of_b"),
        ("a", ["../b/tests"], "of_b"),
        ("a", ["../plain"], "of_a"),
    ],
)
def test_the_nearest_to_what_runs(monorepo, at, args, expected) -> None:
    assert candidates(collect(monorepo, *args, at=at)) == {expected}


@pytest.mark.parametrize("at", [".", "plain"])
def test_the_top_has_what_no_package_has(monorepo, at) -> None:
    add_package(monorepo.path, "of_top")
    assert candidates(collect(monorepo, at=at)) == {"of_top"}
    assert candidates(collect(monorepo, monorepo.path / "a", at=at)) == {"of_a"}


@pytest.mark.parametrize(
    "args", [["a", "b/tests"], ["a/pyproject.toml", "b/pyproject.toml"], ["a", "plain/.."]]
)
def test_of_two_none_is_passed_over(monorepo, args) -> None:
    add_package(monorepo.path, "of_top")
    refused = collect(monorepo, *args)
    assert_refused(refused, "*2 configurations*a/pyproject.toml and *pyproject.toml*")
    named = collect(monorepo, "a/tests", "b/tests", "--schema-parity-config=b/pyproject.toml")
    assert candidates(named) == {"of_b"}


def test_without_one_the_packages_are_named(monorepo) -> None:
    refused = collect(monorepo)
    assert_refused(refused, "*--schema-parity-config=FILE. *a/pyproject.toml, b/pyproject.toml*")


def test_two_in_one_directory(monorepo) -> None:
    monorepo.path.joinpath("a/schema-parity.toml").write_text('reference = "prisma"\n')
    assert_refused(collect(monorepo, "a"), "*both contain a configuration; keep one*")


@pytest.mark.campaign
def test_a_project_without_a_project_file(pytester) -> None:
    add_package(pytester.path, "of_none", file="schema-parity.toml")
    assert candidates(collect(pytester)) == {"of_none"}
    result = pytester.runpytest_subprocess("--schema-parity", "-n1", "-k", "applies or columns")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["*prisma*of_none*"])


@pytest.mark.parametrize("workers", [[], pytest.param(["-n1"], marks=pytest.mark.campaign)])
def test_ini_values_are_relative_to_their_file(pytester, workers) -> None:
    """As pytest reads paths of its own, wherever it is started and whatever the rootdir is."""
    add_package(pytester.path / "sql", "of_ini", file="parity.toml")
    pytester.mkdir("conf").joinpath("other.ini").write_text(
        f"{INI}schema_parity_config = ../sql/parity.toml\nschema_parity_bindir = no/such\n"
    )
    for args, at in (
        (["-c", "conf/other.ini"], "."),
        (["-c", "../conf/other.ini"], "sql"),
        (["-c", "conf/other.ini", "--rootdir=sql"], "."),
    ):
        refused = collect(pytester, *args, *workers, at=at)
        assert_refused(refused, f"*{pytester.path}/conf/no/such: no such directory*")


@pytest.mark.parametrize("args", [[], ["pyproject.toml"]])
def test_ids_where_the_rootdir_is_elsewhere(monorepo, args) -> None:
    """An id names the file however pytest came to it, and can be run again and deselected."""
    rootdir = f"--rootdir={monorepo.path / 'b'}"
    result = collect(monorepo, rootdir, *args, at="a")
    assert "../a/pyproject.toml::of_a::columns" in result.outlines
    deselect = "--deselect=../a/pyproject.toml::of_a::columns"
    fewer = collect(monorepo, rootdir, deselect, *args, at="a")
    assert "../a/pyproject.toml::of_a::columns" not in fewer.outlines
    assert len(fewer.outlines) == len(result.outlines) - 1


@pytest.mark.campaign
def test_last_failed_where_the_rootdir_is_elsewhere(monorepo) -> None:
    monorepo.path.joinpath("a/of_a/002_more.sql").write_text("ALTER TABLE users ADD more int;")
    os.chdir(monorepo.path / "a")
    arguments = (
        "--schema-parity",
        f"--rootdir={monorepo.path / 'b'}",
        "pyproject.toml",
        "-k",
        "not behavior",
    )
    first = monorepo.runpytest_subprocess(*arguments)
    again = monorepo.runpytest_subprocess(*arguments, "--lf")
    again.assert_outcomes(failed=first.parseoutcomes()["failed"])
