"""What goes with a column that one side lacks, and what does not; tests/corpus asks a server."""

from __future__ import annotations

import pytest
from support.schemas import fact, schema, table, unique_constraint

from pytest_schema_parity.findings.counting import consequences_text
from pytest_schema_parity.schema.compare import compare
from pytest_schema_parity.schema.facts import Fact

KEY = ("table", "public.t")


def lacking(*parts: Fact) -> tuple[list[str], list[str]]:
    """What follows from a missing column ``b``, and what is reported beside it, either way."""
    whole = schema(table("t", "a int", "b int"), parts)
    without = schema(table("t", "a int"))
    found, mirrored = compare(whole, without), compare(without, whole)
    (column,) = (one for one in found if one.name == "public.t.b")
    (extra,) = (one for one in mirrored if one.name == "public.t.b")
    assert [one.key for one in column.follows] == [one.key for one in extra.follows]
    beside = [one.name for one in found if one is not column]
    return [one.name for one in column.follows], beside


@pytest.mark.parametrize("expression", ["((b > 0))", "(abs(b) < 3)", "((b)::text <> 'a'::text)"])
def test_a_check_of_one_column_goes_with_it(expression: str) -> None:
    check = fact("constraint", "public.t.c", KEY, type="check", expression=expression)
    assert lacking(check) == (["public.t.c"], [])


@pytest.mark.parametrize(
    "expression",
    [
        "((a < b))",
        "((b > 0) AND (t.* IS NOT NULL))",
        "((x)::b IS NOT NULL)",
        "(b(7) > 0)",
        "('b'::text <> ''::text)",
        "(other.b > 0)",
    ],
)
def test_a_check_of_more_or_of_something_else_stays(expression: str) -> None:
    check = fact("constraint", "public.t.c", KEY, type="check", expression=expression)
    assert lacking(check) == ([], ["public.t.c"])


@pytest.mark.parametrize(
    ("columns", "follows"),
    [
        (["b"], True),
        (["a", "b"], True),
        (["a desc", 'b collate pg_catalog."C"'], True),
        (["lower(b)"], True),
        (["a collate b"], False),
        (["a b"], False),
        (["(a + b)"], False),
        (["a"], False),
        ("a, b", True),
        ("a, (a + b)", False),
    ],
)
def test_an_index_goes_with_a_column_that_it_lists(columns: list[str] | str, follows: bool) -> None:
    index = fact("index", "public.i", KEY, unique=True, form="index", columns=columns)
    assert lacking(index) == (["public.i"], []) if follows else ([], ["public.i"])


def test_a_key_goes_by_the_columns_of_its_index() -> None:
    constraint, index = unique_constraint("t", "k")
    listed = Fact(index.kind, index.name, {**index.attributes, "columns": ["a", "b"]}, index.parent)
    assert lacking(constraint, listed) == (["public.t.k"], [])


def test_a_trigger_and_a_policy_stay() -> None:
    trigger = fact("trigger", "public.t.tr", KEY, columns=["b"])
    policy = fact("policy", "public.t.p", KEY, using="((b > 0))")
    assert lacking(trigger, policy) == ([], ["public.t.tr", "public.t.p"])


def test_what_the_other_side_has_stays() -> None:
    index = fact("index", "public.i", KEY, columns=["b"])
    other = fact("index", "public.j", KEY, columns=["a"], unique=True)
    whole, without = schema(table("t", "a int", "b int"), index), schema(table("t", "a int"), other)
    found = compare(whole, without)
    assert [(one.change, one.name) for one in found] == [
        ("missing", "public.t.b"),
        ("extra", "public.j"),
    ]
    assert consequences_text(found[0].follows) == "1 consequence: 1 missing index"
