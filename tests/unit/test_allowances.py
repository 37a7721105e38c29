"""Allowances: what they cover, and when they are stale or expired."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from schemas import fact, schema, table

from pytest_schema_parity.schema.allowances import Allowance, Judgement, judge, stale_everywhere
from pytest_schema_parity.schema.compare import compare
from pytest_schema_parity.schema.difference import Comparison

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


def test_what_is_folded_is_allowed_with_what_it_hangs_below() -> None:
    comparison = compare(schema(table("t", "a")), schema())
    judgement = judge("x", comparison, [Allowance("why", name="public.t")], today=TODAY)
    assert not judgement.comparison


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
