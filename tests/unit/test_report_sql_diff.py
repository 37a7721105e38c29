"""A difference of two definitions always shows, whatever it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_schema_parity.report.sql_diff import MOST_LINES, format_sql, sql_diff, written_tokens
from pytest_schema_parity.showing import clean_lines

LABELS = ("prisma", "supabase")
BODY = "\nBEGIN\n  IF total > 50 THEN\n    RAISE EXCEPTION 'quota';\n  END IF;\nEND;\n"


def diff(expected: str, actual: str) -> list[str]:
    lines = sql_diff(expected, actual, labels=LABELS)
    assert lines[:2] == ["--- prisma", "+++ supabase"]
    return lines[2:]


def test_a_block_keeps_its_own_layout() -> None:
    assert diff(BODY, BODY.replace("50", "60")) == [
        "@@ -1,5 +1,5 @@",
        " BEGIN",
        "-  IF total > 50 THEN",
        "+  IF total > 60 THEN",
        "     RAISE EXCEPTION 'quota';",
        "   END IF;",
        " END;",
    ]


@pytest.mark.parametrize(
    ("expected", "actual", "lines"),
    [
        (
            "SELECT a  FROM b",
            "SELECT a FROM b",
            [
                "(they differ in layout only)",
                "@@ -1 +1 @@",
                "-SELECT a  FROM b",
                "+SELECT a FROM b",
            ],
        ),
        (
            BODY,
            BODY.replace("\n", "\r\n"),
            ["(they differ in line ends only: LF above, CRLF below)"],
        ),
        (
            BODY.replace("\n", "\r\n"),
            BODY,
            ["(they differ in line ends only: CRLF above, LF below)"],
        ),
        (
            "BEGIN\n\tx;",
            "BEGIN\n    x;",
            [
                "(they differ only in characters that cannot be seen)",
                "@@ -1,2 +1,2 @@",
                r" 'BEGIN\n'",
                r"-'\tx;'",
                "+'    x;'",
            ],
        ),
        (
            "PERFORM dblink('host=h password=one')",
            "PERFORM dblink('host=h password=two')",
            ["(they differ in hidden text only: a password, or what looks like one)"],
        ),
    ],
)
def test_differences_that_hide(expected: str, actual: str, lines: list[str]) -> None:
    assert diff(expected, actual) == lines


def test_other_differences_show_without_the_line_ends() -> None:
    lines = diff(BODY, BODY.replace("\n", "\r\n").replace("50", "60"))
    assert [line for line in lines if line[0] in "+-"] == [
        "-  IF total > 50 THEN",
        "+  IF total > 60 THEN",
    ]


def test_a_diff_is_cut() -> None:
    lines = diff("\n".join(f"a{n}" for n in range(500)), "\n".join(f"b{n}" for n in range(500)))
    assert len(lines) == MOST_LINES + 1
    assert lines[-1] == f"… and {1001 - MOST_LINES} lines more"


def test_what_is_too_long_is_not_laid_out() -> None:
    sql = "SELECT 1, 2 " + "-- x\n" * 5000
    assert format_sql(sql)[0] == "SELECT 1, 2 -- x"


def test_nesting_that_no_formatter_takes() -> None:
    sql = "SELECT " + "(" * 3000 + "1" + ")" * 3000
    assert format_sql(sql)


SQL = st.text(st.sampled_from("selctfromSELCT ab,()'\"\n\r\t-/*$\x1b\u202e\u00a0é;"), max_size=30)


@given(SQL, SQL)
def test_every_difference_shows_and_obeys_nobody(expected: str, actual: str) -> None:
    lines = diff(expected, actual) if expected != actual else ["same"]
    assert lines
    assert all(line.isprintable() for line in lines)


@given(SQL, SQL)
def test_statements_too(one: str, other: str) -> None:
    if one != other:
        lines = diff(f"SELECT {one}", f"SELECT {other}")
        assert any(line[0] in "+-(" for line in lines)


WORDS = st.sampled_from(
    ["select", "count", "AS", '"Count"', "'a  b'", "-- x\n", "/* y */", ",", "(", ")", "a.b", " ",
     "\n", "from", "$$ z  z $$", "1.0", "::", "text", "Sum", "case", "when", "end", ";"]
)  # fmt: skip


@given(st.lists(WORDS, max_size=20).map(" ".join))
def test_laying_out_moves_white_space_only(sql: str) -> None:
    statement = f"SELECT {sql}"
    assert written_tokens("\n".join(format_sql(statement))) == written_tokens(
        "\n".join(clean_lines(statement))
    )


def test_an_alias_keeps_its_letters() -> None:
    lines = format_sql("select count(*) as count, Sum(b) as total from t group by a")
    assert " ".join(" ".join(lines).split()) == (
        "select count(*) as count, Sum(b) as total from t group by a"
    )
    assert len(lines) > 1
