"""What migration tools keep for themselves is named at the top of a report, and is no note."""

import json

from support.results import differences_result
from support.schemas import schema, table

from pytest_schema_parity.findings.verdict import RunResults, TreeResults
from pytest_schema_parity.report import json_report, markdown
from pytest_schema_parity.report.terminal_text import result_lines
from pytest_schema_parity.schema.compare import compare
from pytest_schema_parity.schema.difference import Comparison
from pytest_schema_parity.schema.kinds import FAILING, IMPACTS

KEPT = [
    *table("alembic_version", "version_num text"),
    *table("goose_db_version", "id int", "version_id int", "is_applied bool", "tstamp time"),
]
LINE = (
    "bookkeeping of migration tools, not compared:"
    " public.alembic_version (alembic), public.goose_db_version (goose)"
)


def run_of(comparison: Comparison) -> RunResults:
    tree = TreeResults(results=(differences_result(comparison, "tables"),))
    return RunResults(reference="prisma", trees={"prisma": TreeResults(), "supabase": tree})


def test_a_check_that_passes_names_it_in_one_line() -> None:
    for found in (compare(schema(), schema(KEPT)), compare(schema(KEPT), schema())):
        result = differences_result(found, "tables")
        assert result.outcome == "passed"
        assert result.notes == ()
        assert result_lines(result, reference="prisma") == [LINE]


def test_it_stands_below_the_headline_of_a_check_that_fails() -> None:
    found = compare(schema(), schema(KEPT, table("users", "id int")))
    result = differences_result(found, "tables")
    lines = result_lines(result, reference="prisma")
    assert lines[:3] == [result.headline, LINE, ""]
    assert "\n".join(lines).count("goose_db_version") == 1


def test_other_notes_follow_it() -> None:
    commented = table("users", "id int")
    commented[0] = commented[0].__class__(
        "table", commented[0].name, {"comment": "x"}, commented[0].parent
    )
    found = compare(schema(table("users", "id int")), schema(KEPT, commented))
    lines = result_lines(differences_result(found, "tables"), reference="prisma")
    assert lines[:3] == [LINE, "", "1 note (it does not fail the check):"]


def test_where_notes_fail_the_gate_it_fails_too() -> None:
    found = compare(schema(), schema(KEPT), fail_on=(*FAILING, "comment"))
    result = differences_result(found, "tables")
    assert len(result.failing) == 2
    assert LINE not in result_lines(result, reference="prisma")


def test_markdown_has_it_in_the_trees_header_only() -> None:
    text = markdown.render(run_of(compare(schema(), schema(KEPT))))
    assert text.count("Bookkeeping of migration tools, not compared") == 1
    assert text.count("goose&#95;db&#95;version (goose)") == 1
    assert "No difference of the catalogs.\n\nBookkeeping" in text
    assert "###" not in text


def test_json_names_the_tool() -> None:
    report = json_report.report(run_of(compare(schema(), schema(KEPT))))
    assert [each["bookkeeping_of"] for each in report["differences"]] == ["alembic", "goose"]
    assert json.dumps(report)


def test_it_counts_as_no_note() -> None:
    impacts = run_of(compare(schema(), schema(KEPT))).impacts
    assert [impacts[impact] for impact in IMPACTS] == [0] * len(IMPACTS)
