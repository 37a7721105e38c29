"""Names that SQL allows and hardly anybody expects, through the whole gate and back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_schema_parity.checks import registry

NAMES = [
    "Upper Case",
    'a "quoted" name',
    "it's",
    "semi;colon",
    "dot.dot",
    "new\nline",
    "tab\there",
    "ünïcödé 😀 \u202etxt",
    "é" * 31 + "x",
    "x" * 63,
    "*",
    "wha?",
    "[a-z]",
    "$1 $$ \\ %s {0} {{",
    "-- /* comment",
    "<b>|`pipe`</b> **bold**",
    "\x1b[31mred\x1b[0m",
    "ON TABLE t TO u",
    "(integer)",
    "a, b",
    "select",
    " ",
]

OBJECTS = """\
CREATE SCHEMA {name};
CREATE TYPE {name} AS ENUM ({text});
CREATE TABLE {name}.{name} ({name} int DEFAULT 1 CONSTRAINT {name} CHECK ({name} > 1));
CREATE TABLE {table} (id int, {name} int DEFAULT 1);
CREATE INDEX {other} ON {table} ({name}) WHERE {name} > 1;
CREATE VIEW {view} AS SELECT {name} FROM {table};
CREATE FUNCTION {name}({name} int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION {other}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TRIGGER {name} BEFORE INSERT ON {table} EXECUTE FUNCTION {other}();
CREATE POLICY {name} ON {table} USING ({name} > 1);
CREATE ROLE {name};
GRANT SELECT ON {table} TO {name};
COMMENT ON TABLE {table} IS {text};
"""
"""Half of it stands in both trees, with a drift in each kind; half of it in one tree only."""


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def objects(name: str) -> str:
    number = NAMES.index(name)
    return OBJECTS.format(
        name=quoted(name),
        text=literal(name),
        table=quoted(f"{number} {name}"[:40]),
        view=quoted(f"view {number} {name}"[:40]),
        other=quoted(f"other {number} {name}"[:40]),
    )


def drifted(sql: str) -> str:
    return (
        sql.replace("DEFAULT 1", "DEFAULT 2")
        .replace("> 1", "> 2")
        .replace("SELECT 1", "SELECT 2")
        .replace("BEFORE INSERT", "BEFORE UPDATE")
        .replace("GRANT SELECT", "GRANT INSERT")
    )


def toml(text: str) -> str:
    return '"' + "".join(f"\\U{ord(character):08x}" for character in text) + '"'


def allowances(report: dict[str, Any]) -> str:
    """A rule for everything that a report names and that is not allowed yet."""
    differences = (d for d in report["differences"] if d["allowed"] is None)
    named = {(d["kind"], d["name"], f'change = "{d["change"]}"\n') for d in differences}
    named |= {("behavior", entry["subject"], "") for entry in report["behavior"]}
    return "".join(
        f'[[tool.pytest-schema-parity.allow]]\nreason = "r"\nkind = "{kind}"\n'
        f"name = {toml(name)}\n{change}"
        for kind, name, change in sorted(named)
    )


def run(pytester: pytest.Pytester) -> tuple[pytest.RunResult, dict[str, Any]]:
    """Run the gate: what it printed, all of it printable, and its report."""
    reports = [f"--schema-parity-report={kind}:report.{kind}" for kind in ("json", "markdown")]
    (pytester.path / "report.markdown").unlink(missing_ok=True)
    result = pytester.runpytest_subprocess("--schema-parity", "pyproject.toml", *reports)
    markdown = (pytester.path / "report.markdown").read_text()
    assert [
        line for line in (*result.outlines, *markdown.split("\n")) if not line.isprintable()
    ] == []
    return result, json.loads((pytester.path / "report.json").read_text())


@pytest.mark.campaign
def test_what_a_report_names_can_be_allowed_by_that_name(project) -> None:
    few = "[tool.pytest-schema-parity.behavior]\nexamples = 50\n"
    pytester = project("".join(map(objects, NAMES)), extra=few)
    reference = pytester.path / "prisma/migrations/001_init.sql"
    reference.write_text("".join(drifted(objects(name)) for name in NAMES[::2]))
    configuration = pytester.path / "pyproject.toml"
    result, report = run(pytester)
    assert [tree["failures"] for tree in report["trees"].values()] == [[], []]
    told = {d["name"] for d in report["differences"]}
    assert [name for name in NAMES[1::2] if not told & {name, quoted(name)}] == []
    for _ in range(2):  # what lies in an allowed schema, or on an allowed table, is told then
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        configuration.write_text(configuration.read_text() + allowances(report))
        result, report = run(pytester)
    result.assert_outcomes(passed=1 + len(registry.names()))
