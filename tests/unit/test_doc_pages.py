"""The README and docs/ agree with the code: links, names, keys, options, tables."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from support.documents import (
    DOCS,
    ELSEWHERE,
    PAGES,
    README,
    ROOT,
    blocks,
    quoted,
    table_of,
    text_of,
)

import pytest_schema_parity
from pytest_schema_parity.checks import registry
from pytest_schema_parity.config import allow, load_config, read, trees
from pytest_schema_parity.findings.verdict import RunResults, TreeResults
from pytest_schema_parity.migrations import other_tools
from pytest_schema_parity.migrations.layouts import layouts
from pytest_schema_parity.platforms import STAND_INS
from pytest_schema_parity.plugin import HookSpecs
from pytest_schema_parity.report import json_report
from pytest_schema_parity.schema.kinds import FAILING, IMPACTS

ALL_TEXT = "\n".join(map(text_of, PAGES))
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
MOST_LINES = 250
"""Lines of the README that a busy person reads."""
HEADER = "[tool.pytest-schema-parity]\n"
TREES = '\n[tool.pytest-schema-parity.trees.{}]\npath = "{}"\n'


def without_code(text: str) -> str:
    return re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives to a page's headings."""
    heads = re.findall(r"^#+ (.*)$", without_code(page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", [*PAGES, *ELSEWHERE])
def test_relative_links_resolve(page: str) -> None:
    here = ROOT / page
    for target, anchor in LINK.findall(without_code(text_of(page))):
        found = (here.parent / target).resolve() if target else here
        assert found.exists(), f"{page} links to {target}, which does not exist"
        assert not anchor or anchor in anchors(found), f"{page}: {target} has no #{anchor}"


def test_the_readme_links_to_every_page_and_is_short() -> None:
    assert set(DOCS) == {target for target, _ in LINK.findall(text_of(README)) if "docs/" in target}
    assert len(text_of(README).splitlines()) <= MOST_LINES


@pytest.mark.parametrize("page", [*PAGES, "sql/README.md"])
def test_files_that_are_named_exist(page: str) -> None:
    named = re.findall(r"\b(?:pytest_schema_parity|tests|sql)/[\w./*-]*\w", text_of(page))
    own = {"pytest_schema_parity/checks/row_level_security.py", "sql/first.sql", "sql/second.sql"}
    for name in set(named) - own:
        assert list(ROOT.glob(name)), f"{page} names {name}, which does not exist"


def test_every_option_and_ini_value_is_described(pytester: pytest.Pytester) -> None:
    helped = pytester.runpytest("--help").stdout.str()
    names = "config|bindir|examples|seconds|seed"
    for pattern in (r"--schema-parity[\w-]*", rf"\bschema_parity_(?:{names})\b"):
        assert set(re.findall(pattern, helped)) == set(re.findall(pattern, ALL_TEXT))
    options = table_of("docs/configuration.md", "option")
    described = {re.split("[=`]", cell)[1] for cell in options}
    assert described == set(re.findall(r"--schema-parity[\w-]*", helped))


def test_every_key_of_the_configuration_is_described() -> None:
    keys = {key for cell in table_of("docs/configuration.md", "key") for key in quoted(cell)}
    of_trees = {f"trees.NAME.{key}" for key in trees.TREE_KEYS}
    assert keys == {*read.CONFIG_KEYS, *of_trees, "[[allow]]"} - {"trees", "allow"}
    of_allowances = {key for cell in table_of("docs/allowances.md", "key") for key in quoted(cell)}
    assert of_allowances | {"reason", "until"} == set(allow.ALLOW_KEYS)


def test_every_check_and_impact_is_described() -> None:
    checks = [check for cell in table_of(README, "check") for check in quoted(cell)]
    assert checks == list(registry.names())
    impacts = table_of(README, "impact")
    assert [quoted(cell)[0] for cell in impacts] == list(IMPACTS)
    failing = {quoted(cell)[0] for cell, (_, fails) in impacts.items() if fails == "yes"}
    assert failing == FAILING


def test_every_layout_and_refused_tool_is_named() -> None:
    page = "docs/migration-tools.md"
    assert {quoted(cell)[0] for cell in table_of(page, "layout")} == set(layouts())
    for tool in other_tools._MARKERS:
        assert tool in text_of(page).replace("\n  ", " ")


def test_every_hook_is_described() -> None:
    hooks = {name for name in vars(HookSpecs) if name.startswith("pytest_")}
    assert {quoted(cell)[0] for cell in table_of("docs/hooks.md", "hook")} == hooks


def test_every_key_of_the_json_report_is_described() -> None:
    table = table_of("docs/reports.md", "key")
    keys = [quoted(cell)[0] for cell in table]
    run = RunResults(reference="prisma", trees={"prisma": TreeResults()})
    written = json_report.report(run)
    assert [key for key in keys if key not in ("findings", "locks")] == list(written)
    assert quoted(table["`trees`"][0]) == list(written["trees"]["prisma"])


def test_every_package_is_described() -> None:
    table = table_of("docs/development.md", "package in `pytest_schema_parity/`")
    packages = {f"{each.parent.name}/" for each in ROOT.glob("pytest_schema_parity/*/__init__.py")}
    assert {package for cell in table for package in quoted(cell)} == packages


def test_what_the_docs_import_is_public() -> None:
    """Examples for users take only what the package exports, or the factories' own module."""
    internal = {"docs/writing-a-check.md"}
    for page in set(PAGES) - internal:
        for text in blocks(page, "python"):
            modules = set(re.findall(r"^from (pytest_schema_parity\S*) import", text, re.MULTILINE))
            assert modules <= {"pytest_schema_parity", "pytest_schema_parity.plugin.factories"}
    named = set(re.findall(r"`pytest_schema_parity\.([A-Z]\w+)`", ALL_TEXT))
    assert named <= set(pytest_schema_parity.__all__)
    assert {"BuiltTree", "Clone"} <= named


def test_the_workflow_is_the_one_in_use() -> None:
    workflow = (ROOT / ".github" / "workflows" / "schema-parity.yml").read_text(encoding="utf-8")
    assert blocks("docs/in-ci.md", "yaml") == [workflow]
    (excerpt,) = blocks(README, "yaml")
    assert excerpt in workflow


@pytest.mark.parametrize(
    ("page", "number"),
    [(page, number) for page in PAGES for number in range(len(blocks(page, "toml")))],
)
def test_configurations_are_valid(page: str, number: int, tmp_path: Path) -> None:
    """Each stands by itself, or has what it leaves out added: the header, the trees."""
    text = blocks(page, "toml")[number]
    for pattern in ("sql/seed/01.sql", "sql/first.sql", "sql/second.sql"):
        (tmp_path / pattern).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / pattern).touch()
    table = tomllib.loads(text)["tool"]["pytest-schema-parity"]
    if "trees" not in table:
        whole = text if HEADER in text else HEADER + text
        text = whole.replace(HEADER, f'{HEADER}reference = "prisma"\n', 1)
        text += TREES.format("prisma", "a") + TREES.format("supabase", "b")
    file = tmp_path / "pyproject.toml"
    file.write_text(text, encoding="utf-8")
    config = load_config(file)
    assert config is not None
    assert config.reference == "prisma"
    assert "supabase" in config.candidates
    assert len(config.allow) == sum(
        len(rule["name"]) if isinstance(rule["name"], list) else 1
        for rule in table.get("allow", [])
    )


def test_extras_are_those_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = set(re.findall(r"pip install [^\n]*\[(\w+)\]\"", ALL_TEXT))
    assert extras <= set(project["optional-dependencies"])
    assert extras


def test_every_stand_in_is_in_the_table() -> None:
    described = [quoted(cell)[0] for cell in table_of("docs/extensions.md", "extension")]
    assert set(described) == set(STAND_INS)
