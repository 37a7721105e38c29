"""The end of a run, and why two schemas are not equal."""

from inspect import cleandoc

import pytest

from pytest_schema_parity.report.assertion import explain_comparison
from pytest_schema_parity.report.markup import Markup
from pytest_schema_parity.report.summary import Cell, summary_lines, totals_text
from pytest_schema_parity.schema.facts import Fact, Origin, Place, Schema

CELLS = {
    "supabase": {
        "applies": Cell("passed"),
        "columns": Cell("failed", 3),
        "rows": Cell("skipped"),
    },
    "archive": {"columns": Cell("error"), "applies": Cell("failed", 12)},
}


def test_the_table() -> None:
    lines = summary_lines(
        CELLS,
        impacts={"comment": 1, "behavior": 3, "security": 1},
        allowed=2,
        order=("applies", "columns"),
    )
    assert "\n".join(lines) == cleandoc(
        """
                 supabase  archive
        applies  ✓         ✗ 12
        columns  ✗ 3       !
        rows     -         ·
        4 differences: 3 behavior, 1 security; 1 note: 1 comment; 2 allowed
        """
    )


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", None, "no-such-encoding"])
def test_the_table_where_there_are_no_symbols(encoding: str | None) -> None:
    lines = summary_lines(CELLS, encoding=encoding)
    assert [line.split() for line in lines] == [
        ["supabase", "archive"],
        ["applies", "ok", "FAIL", "12"],
        ["columns", "FAIL", "3", "ERROR"],
        ["rows", "-"],
    ]
    assert "".join(lines).isascii()


def test_highlights_do_not_shift_the_table() -> None:
    def dress(markup: Markup, text: str) -> str:
        return f"<{markup}>{text}</>"

    plain, dressed = summary_lines(CELLS), summary_lines(CELLS, highlight=dress)
    assert dressed[1] == "applies  <good>✓</>         <bad>✗ 12</>"
    assert len(plain) == len(dressed)


def test_nothing_ran() -> None:
    assert summary_lines({}) == []
    assert summary_lines({"supabase": {}}) == []


def test_totals_follow_what_fails() -> None:
    impacts = {"order": 2, "naming": 1}
    assert totals_text(impacts) == "1 difference: 1 naming; 2 notes: 2 order"
    assert totals_text(impacts, notes={"naming"}) == ("2 differences: 2 order; 1 note: 1 naming")
    assert totals_text({}) == ""


TABLE = Fact("table", "public.users", {}, ("schema", "public"))


def column(name: str, origin: Place | None = None, **attributes: str) -> Fact:
    return Fact("column", name, {"type": "text", **attributes}, TABLE.key, Origin(origin))


def test_an_assertion_leads_with_counts() -> None:
    left = Schema(
        [
            Fact("schema", "public"),
            TABLE,
            column("public.users.a", default="1"),
            column("public.users.b", Place("a.sql", 3)),
            column("public.users.c", comment="one"),
        ]
    )
    right = Schema(
        [
            Fact("schema", "public"),
            TABLE,
            column("public.users.a", default="2"),
            column("public.users.c", comment="two"),
        ]
    )
    assert "\n".join(explain_comparison(left, right)) == cleandoc(
        """
        the schemas differ: 1 missing column, 1 changed column default; 1 note: 1 changed column comment
        changed default of column public.users.a
            left   1  origin unknown
            right  2  origin unknown
        missing column public.users.b   text
            left   a.sql:3
            right  -
        changed comment of column public.users.c   (comment)
            left   one  origin unknown
            right  two  origin unknown
        """  # noqa: E501
    )


def test_an_assertion_about_notes_only() -> None:
    left = Schema([TABLE, column("public.users.c", comment="one")])
    right = Schema([TABLE, column("public.users.c", comment="two")])
    assert explain_comparison(left, right)[0] == (
        "the schemas differ: no difference that fails the gate; 1 note: 1 changed column comment"
    )


def test_an_assertion_about_what_platforms_brought() -> None:
    left = Schema([Fact("role", "anon", provided=True)], platform="supabase")
    right = Schema([Fact("schema", "auth", provided=True)], platform="other")
    assert explain_comparison(left, right) == [
        "the schemas differ in 2 facts of their platforms (supabase and other)",
        "    role anon",
        "    schema auth",
    ]


def test_schemas_that_are_equal() -> None:
    assert explain_comparison(Schema([TABLE]), Schema([TABLE])) == []
