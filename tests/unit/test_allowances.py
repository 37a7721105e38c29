"""Allowances: what they cover, and when they are stale or expired."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from schemas import fact, schema, table

from pytest_schema_parity.schema.allowances import (
    Allowance,
    Judgement,
    RowsJudgement,
    judge,
    judge_rows,
    stale_everywhere,
)
from pytest_schema_parity.schema.compare import compare
from pytest_schema_parity.schema.difference import Comparison
from pytest_schema_parity.schema.facts import Value

TODAY = date(2026, 3, 1)
POLICY = fact("policy", "public.users.Own", ("table", "public.users"), using="true")
OLD = schema(table("users", "id int"), fact("function", "public.f(integer[], text[])", body="1"))
NEW = schema(
    table("users", "id bigint"), POLICY, fact("function", "public.f(integer[], text[])", body="2")
)
COMPARISON = compare(OLD, NEW)
"""A changed column type, a changed function body and an extra policy."""


def judged(*allowances: Allowance, tree: str = "supabase", today: date = TODAY) -> Judgement:
    return judge(tree, COMPARISON, allowances, today=today)


def names(comparison: Comparison) -> list[str]:
    return [one.name for one in comparison]


def test_without_allowances_everything_is_left() -> None:
    judgement = judged()
    assert judgement.comparison == COMPARISON
    assert (judgement.allowed, judgement.stale, judgement.expired) == ((), (), ())


def test_what_is_allowed_is_not_left() -> None:
    rule = Allowance("RLS where clients are", kind="policy", change="extra")
    judgement = judged(rule)
    assert names(judgement.comparison) == ["public.users.id", "public.f(integer[], text[])"]
    assert [(one.name, by) for one, by in judgement.allowed] == [("public.users.Own", rule)]
    assert judgement.stale == ()


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"tree": "supabase"},
        {"tree": "supa*"},
        {"kind": "policy"},
        {"name": "public.users.Own"},
        {"name": "public.*.Ow?"},
        {"change": "extra"},
        {"impact": "security"},
        {"until": TODAY},
        {"tree": "*", "kind": "policy", "name": "*", "change": "extra", "impact": "security"},
    ],
)
def test_a_policy_is_covered_by(fields: dict[str, Any]) -> None:
    assert "public.users.Own" not in names(judged(Allowance("why", **fields)).comparison)


@pytest.mark.parametrize(
    "fields",
    [
        {"tree": "prisma"},
        {"tree": "Supabase"},
        {"kind": "table"},
        {"name": "public.users.own"},
        {"name": "users.Own"},
        {"change": "missing"},
        {"attribute": "using"},
        {"impact": "naming"},
        {"until": date(2026, 2, 28)},
        {"kind": "policy", "change": "extra", "impact": "naming"},
    ],
)
def test_a_policy_is_not_covered_by(fields: dict[str, Any]) -> None:
    assert "public.users.Own" in names(judged(Allowance("why", **fields)).comparison)


@pytest.mark.parametrize(
    ("name", "actual"),
    [
        ("public.users.id", "bigint"),
        ("public.users.Own", {"using": "true"}),
        ("public.users.Own", {}),
        ("public.users.Own", {"permissive": False}),
    ],
)
def test_what_the_tree_says_can_be_named(name: str, actual: Value) -> None:
    assert name not in names(judged(Allowance("why", name=name, actual=actual)).comparison)


@pytest.mark.parametrize(
    ("name", "actual"),
    [
        ("public.users.id", "int"),
        ("public.users.id", {"type": "bigint"}),
        ("public.users.Own", {"using": "false"}),
        ("public.users.Own", {"using": "true", "check": "true"}),
        ("public.users.Own", {"using": False}),
        ("public.users.Own", "true"),
        ("public.users.Own", False),
    ],
)
def test_what_the_tree_says_instead_is_not_allowed(name: str, actual: Value) -> None:
    rule = Allowance("why", name=name, actual=actual)
    judgement = judged(rule)
    assert name in names(judgement.comparison)
    assert judgement.stale == (rule,)


def test_an_attribute_can_be_named() -> None:
    assert "public.users.id" not in names(judged(Allowance("why", attribute="type")).comparison)


@pytest.mark.parametrize(
    "pattern", ["public.f(integer[], text[])", "public.f(*[], *)", "public.f(integer??, text[])"]
)
def test_the_brackets_of_an_array_are_no_pattern(pattern: str) -> None:
    assert names(judged(Allowance("why", name=pattern)).comparison) == [
        "public.users.id",
        "public.users.Own",
    ]


MISSING = compare(schema(table("t", "a")), schema())
PRIVATE = fact("schema", "private", None)
HELPER = fact("function", "private.is_admin()", PRIVATE.key, body="SELECT false")
LOOT = fact("table", "private.loot", PRIVATE.key)
EXTRA = compare(
    schema(),
    schema(
        PRIVATE,
        fact("privilege", "ON SCHEMA private TO anon", PRIVATE.key, privileges=["USAGE"]),
        HELPER,
        fact("privilege", "ON FUNCTION private.is_admin() TO anon", HELPER.key),
        LOOT,
        fact("column", "private.loot.id", LOOT.key),
        fact("privilege", "ON COLUMN private.loot.id TO anon", ("column", "private.loot.id")),
        fact("trigger", "private.loot.log", LOOT.key),
    ),
)
"""An extra schema with a function and a table, and privileges of each."""


def extra(*kinds: str) -> Judgement:
    rules = [Allowance("why", kind=kind, change="extra") for kind in kinds]
    return judge("x", EXTRA, rules, today=TODAY)


def test_what_is_missing_is_allowed_with_all_that_hung_below_it() -> None:
    judgement = judge("x", MISSING, [Allowance("why", name="public.t")], today=TODAY)
    assert not judgement.comparison


def test_what_an_allowed_extra_schema_holds_has_to_be_allowed_by_itself() -> None:
    judgement = extra("schema")
    assert names(judgement.comparison) == [
        "private.loot",
        "private.is_admin()",
        "ON SCHEMA private TO anon",
    ]
    assert [one.below for one, _ in judgement.allowed] == [()]
    assert [(one.name, len(one.below)) for one in judgement.comparison] == [
        ("private.loot", 3),
        ("private.is_admin()", 1),
        ("ON SCHEMA private TO anon", 0),
    ]


def test_what_an_extra_thing_is_made_of_is_allowed_with_it_and_who_may_use_it_is_not() -> None:
    judgement = extra("schema", "table", "function")
    assert names(judgement.comparison) == [
        "ON COLUMN private.loot.id TO anon",
        "ON FUNCTION private.is_admin() TO anon",
        "ON SCHEMA private TO anon",
    ]
    below = {one.name: [name for _, name in one.below] for one, _ in judgement.allowed}
    assert below["private.loot"] == ["private.loot.id", "private.loot.log"]


def test_an_extra_schema_can_be_allowed_with_all_that_it_holds() -> None:
    assert not extra("schema", "table", "function", "privilege").comparison
    rule = Allowance("all that is private", change="extra")
    assert not judge("x", EXTRA, [rule], today=TODAY).comparison


def test_what_is_allowed_below_something_that_is_not_is_of_use() -> None:
    judgement = extra("table", "column")
    assert names(judgement.comparison) == ["private"]
    assert judgement.stale == ()
    rule = Allowance("why", kind="column")
    assert judge("x", MISSING, [rule], today=TODAY).stale == ()


def test_the_first_of_several_allows_and_all_are_of_use() -> None:
    first, second = Allowance("first", kind="policy"), Allowance("second", change="extra")
    judgement = judged(first, second)
    assert [by for _, by in judgement.allowed] == [first]
    assert judgement.stale == ()


def test_an_allowance_that_covers_nothing_is_stale() -> None:
    stale = Allowance("why", kind="sequence")
    assert judged(stale, Allowance("why", kind="policy")).stale == (stale,)


def test_an_allowance_about_another_tree_is_not_stale() -> None:
    assert judged(Allowance("why", tree="archive", kind="sequence")).stale == ()


def test_an_expired_allowance_allows_nothing_and_is_told() -> None:
    rule = Allowance("until the release", kind="policy", until=date(2026, 3, 1))
    assert judged(rule).expired == ()
    judgement = judged(rule, today=date(2026, 3, 2))
    assert (judgement.expired, judgement.stale, judgement.allowed) == ((rule,), (), ())
    assert judgement.comparison == COMPARISON
    assert judged(rule, tree="supabase", today=date(2026, 3, 2)).expired == (rule,)


def test_an_expired_allowance_about_another_tree_is_not_told() -> None:
    rule = Allowance("why", tree="archive", until=date(2020, 1, 1))
    assert judged(rule).expired == ()


def test_what_fails_is_decided_as_before() -> None:
    comparison = compare(OLD, NEW, fail_on={"security"})
    left = judge("x", comparison, [Allowance("why", kind="column")], today=TODAY).comparison
    assert [one.kind for one in left.failing] == ["policy"]


def test_of_use_in_one_tree_is_not_stale_in_all() -> None:
    everywhere, one_tree = Allowance("a", kind="policy"), Allowance("b", tree="x", kind="policy")
    empty = Comparison()
    judgements = {
        "x": judge("x", empty, [everywhere, one_tree], today=TODAY),
        "y": judge("y", COMPARISON, [everywhere, one_tree], today=TODAY),
    }
    assert judgements["x"].stale == (everywhere, one_tree)
    assert stale_everywhere(judgements) == (one_tree,)


def test_the_rows_of_a_view_may_differ() -> None:
    by_name, of_all = Allowance("why", kind="rows", name="public.a*"), Allowance("all", kind="rows")
    views = ["public.ab", "public.b"]
    assert judge_rows("supabase", views, [by_name], today=TODAY).allowed == (("public.ab", "why"),)
    assert judge_rows("supabase", views, [by_name, of_all], today=TODAY).allowed == (
        ("public.ab", "why"),
        ("public.b", "all"),
    )
    assert judge_rows("supabase", ["public.b"], [by_name], today=TODAY).stale == (by_name,)
    of_another = replace(by_name, tree="other")
    assert judge_rows("supabase", views, [of_another], today=TODAY) == RowsJudgement()


def test_an_expired_allowance_of_rows_allows_none() -> None:
    expired = Allowance("why", kind="rows", until=TODAY - timedelta(days=1))
    judged = judge_rows("supabase", ["public.a"], [expired], today=TODAY)
    assert (judged.allowed, judged.expired) == ((), (expired,))


def test_an_allowance_of_rows_is_about_no_fact_and_one_of_facts_about_no_rows() -> None:
    rows, facts = Allowance("why", kind="rows"), Allowance("why", name="public.*")
    assert judge("supabase", Comparison(), [rows], today=TODAY).stale == ()
    assert judge_rows("supabase", ["public.a"], [facts], today=TODAY) == RowsJudgement()
