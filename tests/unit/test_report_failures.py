"""What failed: where, why, and the line itself; rows and allowances likewise."""

from dataclasses import replace
from datetime import date
from inspect import cleandoc

import pytest
from support.results import allowances_result, failures_result, rows_result

from pytest_schema_parity.behavior.row_comparison import RowProblem, ViewRows
from pytest_schema_parity.findings.allowance import Allowance
from pytest_schema_parity.findings.evidence import RowPair
from pytest_schema_parity.findings.finding import Result
from pytest_schema_parity.migrations.failure import Failure
from pytest_schema_parity.report.terminal_text import result_lines
from pytest_schema_parity.schema.facts import Place

FAILED = Failure(
    file="sql/archive/20250903100000_admin.sql",
    line=5,
    column=22,
    statement="CREATE INDEX admin ON submission (a)",
    sqlstate="42P01",
    message='relation "submission" does not exist',
    hint="Did you mean submissions?",
    excerpt=("CREATE INDEX admin ON ", "submission (a);"),
)


def lines_of(result: Result) -> list[str]:
    return result_lines(result, reference="prisma")


def test_nothing_failed() -> None:
    assert lines_of(failures_result([])) == []


def test_a_failure_with_its_line() -> None:
    lines = lines_of(failures_result([FAILED]))
    told = 'sql/archive/20250903100000_admin.sql:5:22: relation "submission" does not exist (42P01)'
    assert lines == [
        f"1 statement of archive failed: {told} — did you mean submissions?",
        "",
        f"{told} — did you mean submissions?",
        "    5 | CREATE INDEX admin ON submission (a);",
        "                              ^",
    ]


def test_failures_without_lines() -> None:
    other = Failure(
        file="sql/archive/b.sql",
        line=7,
        column=1,
        statement="ALTER ROLE x PASSWORD 'hidden' VALID UNTIL 'x'",
        sqlstate=None,
        message="role does not exist\x1b[31m",
        hint=f"Make it first. {'For long reasons. ' * 5}Really.",
        detail="There is none.",
    )
    first = replace(FAILED, excerpt=None)
    told = 'sql/archive/20250903100000_admin.sql:5:22: relation "submission" does not exist (42P01)'
    assert lines_of(failures_result([first, other])) == [
        f"2 statements of archive failed in 2 files, the first: {told} — did you mean submissions?",
        "",
        f"{told} — did you mean submissions?",
        "    CREATE INDEX admin ON submission (a)",
        "",
        r"sql/archive/b.sql:7:1: role does not exist\x1b[31m",
        "    ALTER ROLE x PASSWORD '***' VALID UNTIL 'x'",
        "    detail: There is none.",
        f"    hint: {other.hint}",
    ]


def test_a_failure_of_a_whole_file_has_no_statement() -> None:
    lines = lines_of(failures_result([replace(FAILED, statement="", excerpt=None)]))
    assert len(lines) == 3


@pytest.mark.parametrize(
    ("before", "after", "width"),
    [
        ("", "X", 0),
        ("\tSELECT ", "X", 11),
        ("日本 ", "X", 5),
        ("e\u0301 ", "X", 2),
        ("\x1b[31m ", "X", 9),
        ("y" * 300, "X" + "z" * 300, 50),
    ],
)
def test_the_caret_stands_below_the_mistake(before: str, after: str, width: int) -> None:
    """``width`` is how many columns of a terminal what is shown of the text before takes."""
    failed = replace(FAILED, line=12, excerpt=(before, after))
    lines = lines_of(failures_result([failed]))
    assert lines[3].startswith("    12 | ")
    assert lines[4] == " " * (9 + width) + "^"
    assert len(lines[3]) <= 9 + 100
    assert lines[3].isprintable()


VIEW = ViewRows(
    name="public.totals",
    columns=("user_id", "handle", "points"),
    reference_count=5,
    candidate_count=4,
    missing=2,
    extra=1,
)
PROBLEM = RowProblem(
    step="refresh",
    trees=("supabase",),
    subject="public.totals",
    statement="REFRESH MATERIALIZED VIEW\n  CONCURRENTLY public.totals",
    sqlstate="55000",
    message="cannot refresh it",
    hint="Create a unique index.",
)


def test_rows_side_by_side() -> None:
    view = replace(
        VIEW,
        differing=(
            RowPair(("1", "bob", "120"), ("1", "bob", None)),
            RowPair(("2", "", None), None, times=2),
        ),
    )
    assert "\n".join(lines_of(rows_result([view], [PROBLEM]))) == cleandoc(
        """
        the rows of 1 view differ in supabase: public.totals; 1 statement failed: refresh public.totals in supabase: cannot refresh it (55000)

        refresh public.totals in supabase: cannot refresh it (55000)
            REFRESH MATERIALIZED VIEW CONCURRENTLY public.totals
                prisma    succeeds
                supabase  cannot refresh it (55000)
            hint: Create a unique index.

        the rows of public.totals differ: 2 rows only in prisma (of 5), 1 row only in supabase (of 4)
            row with user_id = 1, handle = bob
                        prisma  supabase
                points  120     NULL
            only in prisma: user_id = 2, handle = '', points = NULL   (2 times)
        """  # noqa: E501
    )


def test_rows_that_are_equal() -> None:
    full = replace(VIEW, missing=0, extra=0)
    assert lines_of(rows_result([full])) == []
    assert lines_of(rows_result([replace(full, reference_count=0, candidate_count=0)])) == [
        "1 note (it does not fail the check):",
        'every view is empty, so no rows were compared: configure `seed = "…"`',
    ]


def test_rows_that_are_not_shown_are_counted() -> None:
    only_there = tuple(RowPair((str(number),), None) for number in range(20))
    view = replace(VIEW, columns=("id",), differing=only_there, missing=500, extra=0)
    assert lines_of(rows_result([view]))[-1] == "    … and 495 rows more in both trees together"


def test_long_values_are_cut_around_their_difference() -> None:
    long = "x" * 200
    pair = RowPair((long + "1",), (long + "2",))
    view = replace(VIEW, columns=("a",), differing=(pair,), missing=1, extra=1)
    last = lines_of(rows_result([view]))[-1]
    assert last.split() == ["a", "…" + "x" * 20 + "1", "…" + "x" * 20 + "2"]


def test_a_problem_in_a_seed_names_its_line() -> None:
    place = Place("sql/seed/a.sql", 3)
    problem = replace(PROBLEM, step="seed", subject="sql/seed/a.sql", place=place)
    assert lines_of(rows_result(problems=[problem]))[0] == (
        "1 statement failed: sql/seed/a.sql:3 in supabase: cannot refresh it (55000)"
    )


def test_allowances_that_no_longer_hold() -> None:
    stale = Allowance(
        "only there", kind="policy", change="extra", place=Place("pyproject.toml", 12)
    )
    expired = Allowance(
        "until the release",
        name="public.users.*",
        attribute="default",
        impact="behavior",
        actual=["x"],
        until=date(2025, 1, 31),
        place=Place("pyproject.toml", 18),
    )
    assert "\n".join(lines_of(allowances_result([stale], [expired]))) == cleandoc(
        """
        1 allowance matches nothing in supabase, 1 allowance has expired: pyproject.toml:12, pyproject.toml:18

        pyproject.toml:12: stale: matches no difference; remove it
            allows  extra policy
            reason  only there

        pyproject.toml:18: expired: allowed until 2025-01-31; fix the difference, or set a later date
            allows  any difference in default of public.users.*, if it is x (behavior)
            reason  until the release
        """  # noqa: E501
    )
    assert lines_of(allowances_result([], [])) == []
