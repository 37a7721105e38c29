from __future__ import annotations

import json
import pickle
from collections import Counter
from dataclasses import asdict

import pytest

from pytest_schema_parity.behavior.comparing import (
    QueryResult,
    chance_columns,
    compare_results,
    volatile_columns,
)
from pytest_schema_parity.behavior.refresh import refresh_routines
from pytest_schema_parity.behavior.row_comparison import (
    MAX_ROWS,
    RowProblem,
    RowsComparison,
    ViewRows,
)
from pytest_schema_parity.behavior.row_pairs import pair_rows
from pytest_schema_parity.behavior.rows import shared_views
from pytest_schema_parity.findings.evidence import Row, RowPair
from pytest_schema_parity.schema.facts import Fact, Schema, Value

BIGINT, TEXT, NUMERIC, DOUBLE = 20, 25, 1700, 701
TIMESTAMP, TIMESTAMPTZ = 1114, 1184


def result(*columns: tuple[str, int], rows: list[tuple[str | None, ...]]) -> QueryResult:
    return QueryResult(tuple(n for n, _ in columns), tuple(t for _, t in columns), tuple(rows))


def one_column(oid: int, *values: str | None) -> QueryResult:
    return result(("c", oid), rows=[(value,) for value in values])


def test_rows_are_a_multiset() -> None:
    view = compare_results("v", one_column(TEXT, "a", "b", "a"), one_column(TEXT, "b", "a"))
    assert (view.missing, view.extra) == (1, 0)
    assert view.differing == (RowPair(("a",), None),)
    assert (view.reference_count, view.candidate_count) == (3, 2)


def test_the_order_of_rows_and_columns_does_not_matter() -> None:
    view = compare_results(
        "v",
        result(("a", TEXT), ("b", TEXT), rows=[("1", "x"), ("2", None)]),
        result(("b", TEXT), ("a", TEXT), rows=[(None, "2"), ("x", "1")]),
    )
    assert view.equal
    assert view.columns == ("a", "b")


def test_columns_of_one_tree_are_left_out_and_named() -> None:
    view = compare_results(
        "v",
        result(("id", TEXT), ("cohort", TEXT), rows=[("1", "x")]),
        result(("id", TEXT), ("ID", TEXT), rows=[("1", "y")]),
    )
    assert view.equal
    assert (view.columns, view.only_reference, view.only_candidate) == (
        ("id",),
        ("cohort",),
        ("ID",),
    )


def test_null_is_not_the_empty_string() -> None:
    assert not compare_results("v", one_column(TEXT, None), one_column(TEXT, "")).equal


@pytest.mark.parametrize(
    ("types", "values"),
    [
        ((BIGINT, NUMERIC), ("5", "5.00")),
        ((NUMERIC, BIGINT), ("-0.0", "0")),
        ((NUMERIC, DOUBLE), ("100000000000000000000", "1e+20")),
        ((NUMERIC, DOUBLE), ("0.10", "0.1")),
        ((NUMERIC, DOUBLE), ("NaN", "NaN")),
        ((NUMERIC, DOUBLE), ("-Infinity", "-Infinity")),
        ((TIMESTAMP, TIMESTAMPTZ), ("2025-09-02 00:00:00", "2025-09-02 00:00:00+00")),
    ],
)
def test_types_alone_make_no_row_differ(types: tuple[int, int], values: tuple[str, str]) -> None:
    assert compare_results(
        "v", one_column(types[0], values[0]), one_column(types[1], values[1])
    ).equal


@pytest.mark.parametrize(
    ("types", "values"),
    [
        ((NUMERIC, NUMERIC), ("1.0", "1.00")),
        ((BIGINT, NUMERIC), ("5", "5.0000000000000000000000000000000000001")),
        ((BIGINT, TEXT), ("5", "5.0")),
        ((DOUBLE, DOUBLE), ("0.3", "0.30000000000000004")),
        ((TIMESTAMP, TIMESTAMP), ("2025-09-02 00:00:00", "2025-09-02 00:00:00.001")),
        ((TEXT, TEXT), ("2025-09-02 00:00:00", "2025-09-02 00:00:00+00")),
    ],
)
def test_values_are_compared_exactly(types: tuple[int, int], values: tuple[str, str]) -> None:
    assert not compare_results(
        "v", one_column(types[0], values[0]), one_column(types[1], values[1])
    ).equal


def test_no_column_in_common_still_counts_rows() -> None:
    view = compare_results(
        "v", result(("a", TEXT), rows=[("1",), ("2",)]), result(("b", TEXT), rows=[("1",)])
    )
    assert (view.columns, view.missing, view.differing) == ((), 1, (RowPair((), None),))


def test_rows_most_alike_stand_side_by_side() -> None:
    missing = Counter({("1", "ann", "30"): 1, ("2", "bob", "7"): 1, ("9", None, None): 1})
    extra = Counter({("2", "bob", "14"): 1, ("1", "ann", "60"): 1, ("4", None, None): 1})
    assert pair_rows(missing, extra) == (
        RowPair(("1", "ann", "30"), ("1", "ann", "60")),
        RowPair(("2", "bob", "7"), ("2", "bob", "14")),
        RowPair(("9", None, None), None),
        RowPair(None, ("4", None, None)),
    )


def test_many_differing_rows_are_counted_and_a_few_kept() -> None:
    view = compare_results("v", one_column(TEXT, *map(str, range(1000))), one_column(TEXT))
    assert view.missing == 1000
    assert len(view.differing) == MAX_ROWS


def routine(name: str, kind: str = "function", *, provided: bool = False, **more: Value) -> Fact:
    attributes: dict[str, Value] = {"body": "begin Refresh\nmaterialized  VIEW v; end", **more}
    return Fact(kind, name, attributes, ("schema", "public"), provided=provided)


def test_refresh_routines_are_the_trees_own() -> None:
    schema = Schema(
        [
            routine("public.refresh()"),
            routine('"Odd"."re fresh"()'),
            routine("public.refresh(integer)"),
            routine("public.count()", body="SELECT 1"),
            routine("public.on_write()", returns="trigger"),
            routine("auth.refresh()", provided=True),
            routine("public.refresh_all()", "procedure"),
            Fact("table", "public.t", {}, ("schema", "public")),
        ]
    )
    assert refresh_routines(schema, "function") == [
        "public.refresh()",
        '"Odd"."re fresh"()',
        "public.refresh(integer)",
    ]
    assert refresh_routines(schema, "procedure") == ["public.refresh_all()"]


def test_shared_views_go_by_name_whatever_their_kind() -> None:
    def view(name: str, kind: str = "view", *, provided: bool = False) -> Fact:
        return Fact(kind, name, {}, ("schema", "public"), provided=provided)

    reference = Schema([view("public.b", "materialized view"), view("public.a"), view("public.c")])
    candidate = Schema([view("public.b"), view("public.a"), view("public.c", provided=True)])
    assert shared_views(reference, candidate) == ["public.a", "public.b"]


def findings(**fields: object) -> RowsComparison:
    return RowsComparison(reference="prisma", tree="supabase", **fields)  # type: ignore[arg-type]


def test_a_comparison_of_nothing_says_so() -> None:
    empty = ViewRows(name="v", columns=("a",), reference_count=0, candidate_count=0)
    full = ViewRows(name="w", columns=("a",), reference_count=1, candidate_count=1)
    assert "no view in common" in findings().notes[0]
    assert "configure `seed" in findings(views=(empty,)).notes[0]
    assert "add seed rows" in findings(views=(empty,), seeds=("s.sql",)).notes[0]
    assert findings(views=(full,), seeds=("s.sql",), apart=40).notes == []
    assert findings(views=(empty, full), seeds=("s.sql",)).notes == ["no rows to compare in v"]
    many = findings(views=(empty,) * 5 + (full,)).notes
    assert many == ["no rows to compare in v, v, v and 2 more"]


def test_what_was_not_compared_is_said() -> None:
    view = ViewRows(name="v", columns=(), left_out=("a",), reference_count=1, candidate_count=1)
    found = findings(views=(view,), not_steady=("w",), apart=40)
    why = "in two loads (and the two clocks were 40 µs apart)"
    assert found.notes == [
        f"v compared without a: prisma itself returned different values {why}",
        f"w not compared: prisma itself returned a different number of rows {why}",
    ]


@pytest.mark.parametrize(
    ("one", "other", "volatile"),
    [
        ([("1", "x")], [("1", "x")], ()),
        ([("1", "x")], [("1", "y")], ("b",)),
        ([("1", "x"), ("2", "y")], [("1", "y"), ("2", "x")], ("a", "b")),
        ([("1", "x"), ("2", "y")], [("2", "y"), ("1", "x")], ()),
        ([("1", None)], [("1", "x")], ("b",)),
        ([("1", "x")], [], None),
        ([], [], ()),
    ],
)
def test_volatile_columns(one: list[Row], other: list[Row], volatile: tuple[str] | None) -> None:
    results = [result(("a", TEXT), ("b", TEXT), rows=rows) for rows in (one, other)]
    assert volatile_columns(*results) == volatile


def test_what_is_left_out_is_not_compared_and_the_rest_is() -> None:
    one = result(("a", TEXT), ("b", TEXT), rows=[("1", "x")])
    other = result(("a", TEXT), ("b", TEXT), rows=[("2", "y")])
    view = compare_results("v", one, other, left_out=("b",))
    assert (view.columns, view.left_out, view.missing, view.extra) == (("a",), ("b",), 1, 1)
    assert compare_results("v", one, other, left_out=("a", "b")).equal


def test_findings_travel_as_pickle_and_json() -> None:
    problem = RowProblem(
        step="call",
        trees=("prisma",),
        subject="public.refresh()",
        statement="SELECT public.refresh()",
        sqlstate="55000",
        message="cannot refresh",
    )
    view = ViewRows(
        name="v",
        columns=("a",),
        reference_count=1,
        candidate_count=0,
        missing=1,
        differing=(RowPair(("x",), None),),
    )
    found = findings(views=(view,), problems=(problem,))
    assert pickle.loads(pickle.dumps(found)) == found
    assert json.loads(json.dumps(asdict(found)))["views"][0]["differing"][0]["reference"] == ["x"]
    assert not found.parity
    assert not findings(views=(view,)).parity
    assert not findings(problems=(problem,)).parity


def test_as_many_rows_by_chance_do_not_make_a_view_steady() -> None:
    two, others, three = (one_column(TEXT, *values) for values in ("ab", "cd", "abc"))
    assert chance_columns(two, two, others) == ("c",)
    assert chance_columns(three, two, others) is None
    assert chance_columns(three, two, two) == ()
