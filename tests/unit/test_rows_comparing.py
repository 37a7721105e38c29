from __future__ import annotations

import json
import pickle
from collections import Counter
from dataclasses import asdict

import pytest

from pytest_schema_parity.behavior.findings import KEPT, RowFindings, RowPair, RowProblem, ViewRows
from pytest_schema_parity.behavior.instant import same_but_for_clock
from pytest_schema_parity.behavior.pairing import forgive_clock, pair_rows
from pytest_schema_parity.behavior.refresh import refresh_routines
from pytest_schema_parity.behavior.rows import Rows, compare_results, shared_views
from pytest_schema_parity.schema.facts import Fact, Schema, Value

BIGINT, TEXT, NUMERIC, DOUBLE = 20, 25, 1700, 701
TIMESTAMP, TIMESTAMPTZ = 1114, 1184


def result(*columns: tuple[str, int], rows: list[tuple[str | None, ...]]) -> Rows:
    return Rows(tuple(n for n, _ in columns), tuple(t for _, t in columns), tuple(rows))


def one_column(oid: int, *values: str | None) -> Rows:
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
    assert len(view.differing) == KEPT


@pytest.mark.parametrize(
    ("reference", "candidate", "apart"),
    [
        ("2026-11-23 16:09:20.999900+00", "2026-11-23 16:09:21.0001+00", 200),
        ("2026-11-23 16:09:20.0001", "2026-11-23 16:09:20", -100),
        ('{"at": "2026-11-23T16:09:20.1+00:00"}', '{"at": "2026-11-23T16:09:20.10003+00:00"}', 30),
        ("2026-11-23 00:00:00", "2026-11-23 00:00:00", 30),
    ],
)
def test_two_clocks_are_forgiven(reference: str, candidate: str, apart: int) -> None:
    assert same_but_for_clock(reference, candidate, apart)


@pytest.mark.parametrize(
    ("reference", "candidate"),
    [
        ("2026-11-23 16:09:20.000000", "2026-11-23 16:09:20.001"),
        ("2026-11-23 16:09:20.000000", "2026-11-23 16:09:20.000031"),
        ("2026-11-23 16:09:20.000030", "2026-11-23 16:09:20"),
        ("2026-11-23 16:09:20", "2026-11-23 16:09:20.00003 later"),
        ("2026-11-23 16:09:20, 2026-11-23 16:09:20", "2026-11-23 16:09:20.00003"),
        ("7", "8"),
    ],
)
def test_nothing_but_the_two_clocks_is_forgiven(reference: str, candidate: str) -> None:
    assert not same_but_for_clock(reference, candidate, 30)


def test_forgiving_takes_each_row_once() -> None:
    early, late = "2026-11-23 16:09:20.0001", "2026-11-23 16:09:20.00013"
    missing, extra = forgive_clock(
        Counter({("a", early): 2, ("b", early): 1}), Counter({("a", late): 1, ("c", late): 1}), 30
    )
    assert missing == {("a", early): 1, ("b", early): 1}
    assert extra == {("c", late): 1}


def routine(name: str, kind: str = "function", *, provided: bool = False, **more: Value) -> Fact:
    attributes: dict[str, Value] = {"body": "begin Refresh\nmaterialized  VIEW v; end", **more}
    return Fact(kind, name, attributes, ("schema", "public"), provided=provided)


def test_refresh_routines_are_the_trees_own_without_arguments() -> None:
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
    assert refresh_routines(schema, "function") == ["public.refresh()", '"Odd"."re fresh"()']
    assert refresh_routines(schema, "procedure") == ["public.refresh_all()"]


def test_shared_views_go_by_name_whatever_their_kind() -> None:
    def view(name: str, kind: str = "view", *, provided: bool = False) -> Fact:
        return Fact(kind, name, {}, ("schema", "public"), provided=provided)

    reference = Schema([view("public.b", "materialized view"), view("public.a"), view("public.c")])
    candidate = Schema([view("public.b"), view("public.a"), view("public.c", provided=True)])
    assert shared_views(reference, candidate) == ["public.a", "public.b"]


def findings(**fields: object) -> RowFindings:
    return RowFindings(reference="prisma", tree="supabase", **fields)  # type: ignore[arg-type]


def test_a_comparison_of_nothing_says_so() -> None:
    empty = ViewRows(name="v", columns=("a",), reference_count=0, candidate_count=0)
    full = ViewRows(name="w", columns=("a",), reference_count=1, candidate_count=1)
    assert "no view in common" in str(findings().note)
    assert "configure `seed" in str(findings(views=(empty,)).note)
    assert "seed something" in str(findings(views=(empty,), seeds=("s.sql",)).note)
    assert findings(views=(empty, full), seeds=("s.sql",)).note is None
    assert "40 µs" in str(findings(views=(full,), apart=40).note)


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
