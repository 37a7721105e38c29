"""Whatever the names and values of a run are: no report obeys them, and none tells a secret."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest
from support.results import (
    allowances_result,
    differences_result,
    failures_result,
    not_built,
    rows_result,
    tree_results,
)

from pytest_schema_parity.behavior.row_comparison import RowProblem, ViewRows
from pytest_schema_parity.checks import structure
from pytest_schema_parity.config.mistakes import display_path
from pytest_schema_parity.errors import SchemaParityError, ScriptError, UnknownName
from pytest_schema_parity.findings.allowance import Allowance
from pytest_schema_parity.findings.evidence import RowPair
from pytest_schema_parity.findings.finding import Result
from pytest_schema_parity.findings.verdict import RunResults, TreeResults
from pytest_schema_parity.migrations.failure import Failure
from pytest_schema_parity.report import markdown
from pytest_schema_parity.report.assertion import explain_comparison
from pytest_schema_parity.report.json_report import render, report
from pytest_schema_parity.report.summary import Cell, summary_lines
from pytest_schema_parity.report.terminal_text import result_lines
from pytest_schema_parity.schema.difference import Comparison, Difference, Origins
from pytest_schema_parity.schema.facts import Fact, Place, Schema

EVIL = "e\x1b[31m\x07\r\n\u202e\x9b2J\u2066 `````` ``` <script>alert(1)</script> |*_[x](y)#@me"
SECRET = "ALTER ROLE a PASSWORD 's3cret'"
PLACE = Place(EVIL, 1)

FAILURE = Failure(
    EVIL, 1, 1, f"{EVIL}{SECRET}", EVIL, f"{EVIL}{SECRET}", EVIL * 9, EVIL + SECRET, (EVIL, EVIL)
)
DIFFERENCES = tuple(
    Difference(
        kind=kind,
        name=EVIL,
        change=change,
        attribute=attribute,
        expected=expected,
        actual=actual,
        impact=impact,
        origin=Origins(PLACE, None),
        below=((EVIL, EVIL),),
    )
    for kind in ("view", "function", "role", EVIL)
    for impact in ("behavior", "comment")
    for change, attribute, expected, actual in (
        ("changed", EVIL, EVIL + SECRET, EVIL),
        ("changed", "body", f"BEGIN\n{EVIL}{SECRET}\nEND", f"BEGIN\n{EVIL}\nEND"),
        ("changed", "definition", f"SELECT '{EVIL}' -- {SECRET}", f"SELECT 1 -- {EVIL}"),
        ("changed", "settings", ["a", "b", EVIL, "password=s3 cret"], ["a", "c", "d", EVIL]),
        ("changed", "options", {EVIL: EVIL}, {"password": "s3cret"}),
        ("missing", None, {EVIL: EVIL, "body": EVIL + SECRET, "options": ["password=s3 c"]}, None),
        ("extra", None, None, {"definition": f"SELECT 1 AS {EVIL} -- {SECRET}", EVIL: True}),
        ("renamed", None, EVIL, f"x{EVIL}"),
    )
)  # fmt: skip
ROWS = rows_result(
    reference=EVIL,
    tree=EVIL,
    views=(
        ViewRows(
            name=EVIL,
            columns=(EVIL, "password", "api_key", "other"),
            reference_count=1,
            candidate_count=1,
            missing=1,
            extra=1,
            differing=(
                RowPair((EVIL, "s3cret", "s3cret", EVIL), (EVIL, "s3cret too", "s3cret", "x")),
                RowPair((EVIL, "s3cret", "s3cret", EVIL), None),
            ),
        ),
    ),
    problems=(
        RowProblem(
            step="seed",
            trees=(EVIL, EVIL),
            subject=EVIL,
            statement=EVIL + SECRET,
            sqlstate=EVIL,
            message=EVIL + SECRET,
            detail=EVIL + SECRET,
            hint=EVIL,
        ),
    ),
)
ALLOWANCE = Allowance(EVIL, name=EVIL, kind=EVIL, attribute=EVIL, place=PLACE, until=date.today())
FAILED = failures_result([FAILURE, FAILURE], tree=EVIL)
DEAD = allowances_result([ALLOWANCE], [ALLOWANCE], tree=EVIL)
TREE = tree_results(
    Comparison(DIFFERENCES),
    FAILED,
    ROWS,
    DEAD,
    allowed=[(0, EVIL)],
    tree=EVIL,
    stand_ins=(EVIL, "`" * 5),
)
RUN = RunResults(
    reference=EVIL,
    version=EVIL,
    source=EVIL,
    trees={
        EVIL: TreeResults(results=(FAILED,)),
        f"b{EVIL}": TREE,
        "c": TreeResults(results=(not_built("c", EVIL),)),
    },
)


def lines_of(result: Result) -> list[str]:
    return result_lines(result, reference=EVIL)


def all_lines() -> dict[str, list[str]]:
    """The lines of every report for people."""
    schemas = (Schema([Fact("table", EVIL)], platform=EVIL), Schema([Fact("view", EVIL)]))
    brought = [
        Schema([Fact(EVIL, EVIL, {"a": value}, provided=True)], platform=EVIL) for value in "ab"
    ]
    return {
        "failed": lines_of(FAILED),
        "differing rows": lines_of(ROWS),
        "note": lines_of(rows_result(reference=EVIL, tree=EVIL)),
        "dead allowances": lines_of(DEAD),
        "not built": lines_of(not_built(EVIL, EVIL)),
        "summary": summary_lines({EVIL: {"rows": Cell("failed", 1)}}),
        "assertion": explain_comparison(*schemas),
        "brought": explain_comparison(*brought),
        "markdown": markdown.render(RUN).split("\n"),
        **{
            check: lines_of(differences_result(Comparison(DIFFERENCES), check, tree=EVIL))
            for check in structure.CHECK.names
        },
    }


@pytest.mark.parametrize("name", all_lines())
def test_every_line_is_printable_and_tells_no_secret(name: str) -> None:
    lines = all_lines()[name]
    assert [line for line in lines if not line.isprintable()] == []
    assert "cret" not in "\n".join(lines)


def test_json_keeps_the_data_exactly_but_for_secrets() -> None:
    text = render(RUN)
    assert "s3" not in text
    assert json.loads(text) == report(RUN)
    assert report(RUN)["reference"] == EVIL
    assert report(RUN)["differences"][0]["name"] == EVIL


def test_a_tree_may_be_named_like_a_secret() -> None:
    run = RunResults(reference="token", trees={"token": TreeResults(files=("a.sql",))})
    assert report(run)["trees"]["token"]["files"] == ["a.sql"]


def test_a_difference_in_a_secret_is_still_one() -> None:
    pair = {"expected": ["password=a b"], "actual": ["password=a c"]}
    secret = Difference(
        kind="server", name="s", change="changed", attribute="options", impact="behavior", **pair
    )
    lines = lines_of(differences_result(Comparison((secret,)), "other"))
    assert "one hidden text" in lines[3]
    assert "another hidden text" in lines[4]
    run = RunResults(reference="a", trees={"b": tree_results(Comparison((secret,)))})
    assert run.verdict == "drift"
    assert [entry["expected"] for entry in report(run)["differences"]] == [["password=***"]]


def test_markdown_shows_html_and_markup_as_they_are() -> None:
    text = markdown.render(RUN)
    outside, fence = [], None
    for line in text.split("\n"):
        if fence is None and line.startswith("```"):
            fence = line.removesuffix("text")
        elif line == fence:
            fence = None
        elif fence is None:
            outside.append(line)
    assert fence is None
    assert "PostgreSQL" in "\n".join(outside)
    spans = "`{7} e.*? `{7}|`{6} `{5} `{6}"
    bare = re.sub(spans, "", "\n".join(outside))
    assert "<script" not in bare
    assert "`" not in bare
    assert "@me" not in bare


@pytest.mark.parametrize(
    "error",
    [
        SchemaParityError(f"first\n\tsecond {EVIL}{SECRET}"),
        UnknownName(f"first\n\tsecond {EVIL}{SECRET}"),
    ],
)
def test_an_error_is_printable_line_by_line(error: SchemaParityError) -> None:
    lines = str(error).split("\n")
    assert lines[:2] == ["first", r"	second e\x1b[31m\x07"]
    assert all(line.replace("\t", "").isprintable() for line in lines)
    assert "s3cret" not in str(error)


def test_a_files_name_stays_on_its_line() -> None:
    error = ScriptError("no", file="a\nb.sql", line=1, column=2)
    assert str(error) == r"a\nb.sql:1:2: no"
    assert error.file == "a\nb.sql"


def test_a_configurations_name_is_printable() -> None:
    assert display_path(Path("a\n\x1b.toml")) == r"a\n\x1b.toml"
