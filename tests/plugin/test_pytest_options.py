"""The gate under pytest's own options, and what it gives to pytest's own reports."""

from __future__ import annotations

import shutil
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from support.campaign import in_campaign

from pytest_schema_parity.checks import registry

GATE = ("--schema-parity", "pyproject.toml")
# Two checks fail, columns and indexes, with others before, between and after them.
DRIFTED = """\
CREATE TABLE users (
    id text PRIMARY KEY,
    email text NOT NULL,
    kajabi_contact_id text NOT NULL
);
CREATE VIEW active_users AS
SELECT id, email FROM users WHERE kajabi_contact_id IS NOT NULL;
"""
ITEMS = 1 + len(registry.names())
BEFORE_THE_FIRST = 1 + registry.names().index("columns")
ids_of = "pyproject.toml::supabase::{}".format


@pytest.fixture
def drifted(project) -> pytest.Pytester:
    return project(DRIFTED)


@pytest.mark.parametrize(
    ("option", "failures"),
    [("-x", 1), *in_campaign([("--maxfail=2", 2), ("--maxfail=9", 3)])],
)
def test_a_run_ends_at_its_last_failure(drifted, option, failures) -> None:
    result = drifted.runpytest_inprocess(*GATE, option, "--schema-parity-report=json:out.json")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert result.parseoutcomes()["failed"] == failures
    ended = failures < 2 or option == "--maxfail=2"
    verdict = '"verdict": "broken"' if ended else '"verdict": "drift"'
    assert verdict in drifted.path.joinpath("out.json").read_text()


@pytest.mark.campaign
def test_stepwise_goes_on_from_the_first_failure(drifted) -> None:
    first = drifted.runpytest_inprocess(*GATE, "--sw")
    first.assert_outcomes(passed=BEFORE_THE_FIRST, failed=1)
    again = drifted.runpytest_inprocess(*GATE, "--sw")
    again.assert_outcomes(failed=1, deselected=BEFORE_THE_FIRST)
    skipping = drifted.runpytest_inprocess(*GATE, "--sw", "--sw-skip")
    assert skipping.parseoutcomes()["failed"] == 2
    skipping.stdout.fnmatch_lines([f"FAILED {ids_of('indexes')}*"])


@pytest.mark.parametrize(
    ("keywords", "names"),
    [
        ("columns", {"columns"}),
        ("supabase and (columns or indexes)", {"columns", "indexes"}),
        ("schema_parity and types", {"types"}),
    ],
)
def test_keywords_select_checks_and_trees(drifted, keywords, names) -> None:
    result = drifted.runpytest_inprocess("--schema-parity", "-q", "--co", "-k", keywords)
    found = [line for line in result.outlines if "::" in line]
    assert found == [ids_of(name) for name in registry.names() if name in names]


@pytest.mark.campaign
def test_a_debugger_stops_at_each_failure(drifted) -> None:
    """It shows the findings, stands in the frame that knows the outcome, and goes on."""
    pytest_pdb = (sys.executable, "-m", "pytest", *GATE, "--pdb")
    result = drifted.run(
        *pytest_pdb, stdin=b"p len(result.failing)\ncontinue\ncontinue\ncontinue\n"
    )
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=ITEMS - 3, failed=3)
    result.stdout.fnmatch_lines(
        ["1 changed column*", "*entering PDB*", "(Pdb) 1", "1 missing index*", "*entering PDB*"]
    )
    quitted = drifted.run(*pytest_pdb, stdin=b"quit\n")
    assert quitted.ret == pytest.ExitCode.INTERRUPTED
    quitted.assert_outcomes(passed=BEFORE_THE_FIRST, failed=1)
    assert "INTERNALERROR" not in quitted.stdout.str()


def test_blocked_it_does_not_know_the_flag(drifted) -> None:
    result = drifted.runpytest_inprocess(*GATE, "-p", "no:schema_parity")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*unrecognized arguments: --schema-parity*"])


def test_blocked_it_leaves_a_project_alone(drifted) -> None:
    drifted.makeconftest(
        "import pytest\n"
        "@pytest.hookimpl(optionalhook=True)\n"
        "def pytest_schema_parity_checks(): return {}"
    )
    drifted.makepyfile(test_it="def test_of_the_project(): pass")
    result = drifted.runpytest_inprocess("-p", "no:schema_parity")
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize(
    "name",
    ["schema_parity", pytest.param("pytest_schema_parity.plugin", marks=pytest.mark.campaign)],
)
def test_named_where_no_plugin_is_loaded_by_itself(drifted, monkeypatch, name) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    result = drifted.runpytest_subprocess("-p", name, *GATE, "-k", "columns or types")
    result.assert_outcomes(passed=1, failed=1, deselected=ITEMS - 2)


@pytest.mark.campaign
def test_tests_that_are_not_importable_by_name(project) -> None:
    pytester = project()
    for package in ("a", "b"):  # two of one name: only this mode allows them
        pytester.mkdir(package).joinpath("test_it.py").write_text(
            "def test_it(schema_parity): assert schema_parity['supabase'].schema.tables"
        )
    result = pytester.runpytest_subprocess(
        "--schema-parity", "--import-mode=importlib", "-k", "test_it or columns"
    )
    result.assert_outcomes(passed=3, deselected=ITEMS - 1)


@pytest.mark.campaign
def test_warnings_that_are_errors(project) -> None:
    """Neither a deprecation nor a file or a connection left open."""
    pytester = project()
    pytester.makepyfile(
        test_it="def test_it(schema_parity_database):\n"
        "    with schema_parity_database['supabase'].connect() as connection:\n"
        "        connection.execute('SELECT 1')"
    )
    command = (sys.executable, "-X", "dev", "-W", "error", "-m", "pytest", "-W", "error")
    result = pytester.run(*command, "--schema-parity")
    result.assert_outcomes(passed=ITEMS + 1)
    assert "Warning" not in result.stderr.str() + result.stdout.str()


@pytest.mark.parametrize("family", [pytest.param("xunit1", marks=pytest.mark.campaign), "xunit2"])
def test_junit_tells_each_fact_of_each_check(drifted, family) -> None:
    drifted.runpytest_inprocess(*GATE, "--junitxml=junit.xml", "-o", f"junit_family={family}")
    cases = list(ET.parse(drifted.path / "junit.xml").getroot().iter("testcase"))
    assert len(cases) == ITEMS
    for case in cases:
        properties = {each.get("name"): each.get("value") for each in case.iter("property")}
        assert properties["schema_parity_check"] == case.get("name")
        assert case.get("classname") == f"pyproject.toml.{properties['schema_parity_tree']}"
        failing = int(str(properties["schema_parity_failing"]))
        assert (failing > 0) is (case.find("failure") is not None)
        assert bool(failing) <= bool(properties["schema_parity_findings"])
        assert Counter(each.get("name") for each in case.iter("property")).most_common(1)[0][1] == 1


PARAMETERS = """
import pytest

@pytest.fixture(params=["prisma", "supabase"])
def tree(request, schema_parity):
    return schema_parity[request.param]

def test_of_each(tree, schema_parity_database):
    pass
"""


@pytest.mark.campaign
def test_ids_are_the_same_in_every_run(project, tmp_path_factory, monkeypatch) -> None:
    pytester = project()
    pytester.makepyfile(test_it=PARAMETERS)
    first = pytester.runpytest_subprocess("--schema-parity", "--co", "-q").outlines
    elsewhere = tmp_path_factory.mktemp("clone") / "project"
    shutil.copytree(pytester.path, elsewhere)
    monkeypatch.chdir(elsewhere)
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    arguments = (sys.executable, "-m", "pytest", "--schema-parity", "--co", "-q")
    second = pytester.run(*arguments).outlines
    ids = [line for line in first if "::" in line]
    assert len(ids) == ITEMS + 2
    assert "test_it.py::test_of_each[supabase]" in ids
    assert ids == [line for line in second if "::" in line]
    assert not any(Path(each).is_absolute() for each in ids)
