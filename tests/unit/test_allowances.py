"""Allowances: what they cover, and when they are stale or expired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from support.schemas import fact, schema, table

from pytest_schema_parity.checks import allowances as check
from pytest_schema_parity.findings import apply_allowances
from pytest_schema_parity.findings.allowance import Allowance
from pytest_schema_parity.findings.apply_allowances import CheckedFindings
from pytest_schema_parity.findings.differences import finding_of
from pytest_schema_parity.findings.finding import Finding
from pytest_schema_parity.schema.compare import compare
from pytest_schema_parity.schema.difference import Comparison, Difference
from pytest_schema_parity.schema.facts import Schema, Value

TODAY = date(2026, 3, 1)
POLICY = fact("policy", "public.users.Own", ("table", "public.users"), using="true")
OLD = schema(table("users", "id int"), fact("function", "public.f(integer[], text[])", body="1"))
NEW = schema(
    table("users", "id bigint"), POLICY, fact("function", "public.f(integer[], text[])", body="2")
)
COMPARISON = compare(OLD, NEW)
"""A changed column type, a changed function body and an extra policy."""


def judge(
    tree: str, comparison: Comparison, rules: Sequence[Allowance], today: date = TODAY
) -> CheckedFindings:
    """A tree's differences, as findings, after the allowances."""
    found = [finding_of(one, tree, fail_on=comparison.fail_on) for one in comparison]
    return apply_allowances.apply_allowances(
        tree, found, rules, today=today, fail_on=comparison.fail_on
    )


def judged(*rules: Allowance, tree: str = "supabase", today: date = TODAY) -> CheckedFindings:
    return judge(tree, COMPARISON, rules, today)


def left(judgement: CheckedFindings) -> list[Difference]:
    """The differences that are not allowed."""
    found = [one for one in judgement.findings if one.allowed is None]
    return [one.difference for one in found if one.difference is not None]


def allowed(judgement: CheckedFindings) -> list[tuple[Difference, str]]:
    """The differences that are allowed, each with the reason."""
    found = [(one.difference, one.allowed) for one in judgement.findings]
    return [(one, reason) for one, reason in found if one is not None and reason is not None]


def names(judgement: CheckedFindings) -> list[str]:
    return [one.name for one in left(judgement)]


def stale(
    judgement: CheckedFindings, *rules: Allowance, tree: str = "supabase"
) -> tuple[Allowance, ...]:
    return tuple(apply_allowances.stale_allowances(rules, tree, judgement.used, TODAY))


def test_without_allowances_everything_is_left() -> None:
    judgement = judged()
    assert left(judgement) == list(COMPARISON)
    assert allowed(judgement) == []


def test_what_is_allowed_is_not_left() -> None:
    rule = Allowance("RLS where clients are", kind="policy", change="extra")
    judgement = judged(rule)
    assert names(judgement) == ["public.users.id", "public.f(integer[], text[])"]
    assert [(one.name, why) for one, why in allowed(judgement)] == [
        ("public.users.Own", "RLS where clients are")
    ]
    assert stale(judgement, rule) == ()


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
    assert "public.users.Own" not in names(judged(Allowance("why", **fields)))


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
    assert "public.users.Own" in names(judged(Allowance("why", **fields)))


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
    assert name not in names(judged(Allowance("why", name=name, actual=actual)))


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
    assert name in names(judgement)
    assert stale(judgement, rule) == (rule,)


def test_an_attribute_can_be_named() -> None:
    assert "public.users.id" not in names(judged(Allowance("why", attribute="type")))


@pytest.mark.parametrize(
    "pattern", ["public.f(integer[], text[])", "public.f(*[], *)", "public.f(integer??, text[])"]
)
def test_the_brackets_of_an_array_are_no_pattern(pattern: str) -> None:
    assert names(judged(Allowance("why", name=pattern))) == [
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


def extra(*kinds: str) -> CheckedFindings:
    rules = [Allowance("why", kind=kind, change="extra") for kind in kinds]
    return judge("x", EXTRA, rules)


def test_what_is_missing_is_allowed_with_all_that_hung_below_it() -> None:
    judgement = judge("x", MISSING, [Allowance("why", name="public.t")])
    assert not left(judgement)


def test_what_an_allowed_extra_schema_holds_has_to_be_allowed_by_itself() -> None:
    judgement = extra("schema")
    assert names(judgement) == [
        "private.loot",
        "private.is_admin()",
        "ON SCHEMA private TO anon",
    ]
    assert [one.below for one, _ in allowed(judgement)] == [()]
    assert [(one.name, len(one.below)) for one in left(judgement)] == [
        ("private.loot", 3),
        ("private.is_admin()", 1),
        ("ON SCHEMA private TO anon", 0),
    ]


def test_what_an_extra_thing_is_made_of_is_allowed_with_it_and_who_may_use_it_is_not() -> None:
    judgement = extra("schema", "table", "function")
    assert names(judgement) == [
        "ON COLUMN private.loot.id TO anon",
        "ON FUNCTION private.is_admin() TO anon",
        "ON SCHEMA private TO anon",
    ]
    below = {one.name: [name for _, name in one.below] for one, _ in allowed(judgement)}
    assert below["private.loot"] == ["private.loot.id", "private.loot.log"]


def test_an_extra_schema_can_be_allowed_with_all_that_it_holds() -> None:
    assert not left(extra("schema", "table", "function", "privilege"))
    rule = Allowance("all that is private", change="extra")
    assert not left(judge("x", EXTRA, [rule]))


def test_what_is_allowed_below_something_that_is_not_is_of_use() -> None:
    rules = [Allowance("why", kind=kind, change="extra") for kind in ("table", "column")]
    judgement = judge("x", EXTRA, rules)
    assert names(judgement) == ["private"]
    assert stale(judgement, *rules) == ()
    rule = Allowance("why", kind="column")
    assert stale(judge("x", MISSING, [rule]), rule) == ()


def test_the_first_of_several_allows_and_all_are_of_use() -> None:
    first, second = Allowance("first", kind="policy"), Allowance("second", change="extra")
    judgement = judged(first, second)
    assert [reason for _, reason in allowed(judgement)] == ["first"]
    assert stale(judgement, first, second) == ()


def test_an_allowance_that_covers_nothing_is_stale() -> None:
    rule, used = Allowance("why", kind="sequence"), Allowance("why", kind="policy")
    assert stale(judged(rule, used), rule, used) == (rule,)


def test_an_allowance_about_another_tree_is_not_stale() -> None:
    rule = Allowance("why", tree="archive", kind="sequence")
    assert stale(judged(rule), rule) == ()


def test_an_expired_allowance_allows_nothing_and_is_listed() -> None:
    rule = Allowance("until the release", kind="policy", until=TODAY)
    tomorrow = TODAY + timedelta(days=1)
    assert apply_allowances.expired_allowances([rule], "supabase", TODAY) == []
    assert apply_allowances.expired_allowances([rule], "supabase", tomorrow) == [rule]
    judgement = judged(rule, today=tomorrow)
    assert allowed(judgement) == []
    assert left(judgement) == list(COMPARISON)
    assert apply_allowances.stale_allowances([rule], "supabase", judgement.used, tomorrow) == []


def test_an_expired_allowance_about_another_tree_is_not_listed() -> None:
    rule = Allowance("why", tree="archive", until=date(2020, 1, 1))
    assert apply_allowances.expired_allowances([rule], "supabase", TODAY) == []


def test_what_fails_is_decided_as_before() -> None:
    comparison = compare(OLD, NEW, fail_on={"security"})
    judgement = judge("x", comparison, [Allowance("why", kind="column")])
    assert [one.kind for one in judgement.findings if one.fails] == ["policy"]


def test_of_use_in_one_tree_is_not_stale_in_all() -> None:
    everywhere, one_tree = Allowance("a", kind="policy"), Allowance("b", tree="x", kind="policy")
    used = judge("x", Comparison(), [everywhere, one_tree]).used
    used |= judge("y", COMPARISON, [everywhere, one_tree]).used
    assert apply_allowances.stale_allowances([everywhere, one_tree], "x", used, TODAY) == [one_tree]
    assert apply_allowances.stale_allowances([everywhere, one_tree], "y", used, TODAY) == []


def rows(*views: str) -> list[Finding]:
    """The findings of views whose rows differ."""
    return [
        Finding(tree="supabase", check="rows", kind="rows", name=view, change="changed", title="")
        for view in views
    ]


def reasons(findings: Sequence[Finding], *rules: Allowance) -> list[str | None]:
    judgement = apply_allowances.apply_allowances("supabase", findings, rules, today=TODAY)
    return [finding.allowed for finding in judgement.findings]


def test_the_rows_of_a_view_may_differ() -> None:
    by_name, of_all = Allowance("why", kind="rows", name="public.a*"), Allowance("all", kind="rows")
    found = rows("public.ab", "public.b")
    assert reasons(found, by_name) == ["why", None]
    assert reasons(found, by_name, of_all) == ["why", "all"]
    assert reasons(found, replace(by_name, tree="other")) == [None, None]
    judgement = apply_allowances.apply_allowances(
        "supabase", rows("public.b"), [by_name], today=TODAY
    )
    assert stale(judgement, by_name) == (by_name,)


def test_an_expired_allowance_of_rows_allows_none() -> None:
    expired = Allowance("why", kind="rows", until=TODAY - timedelta(days=1))
    assert reasons(rows("public.a"), expired) == [None]


def test_an_allowance_without_a_kind_is_about_facts_alone() -> None:
    assert reasons(rows("public.a"), Allowance("why", name="public.*")) == [None]


def test_what_breaks_a_tree_cannot_be_allowed() -> None:
    [finding] = rows("a.sql")
    broken = replace(finding, kind="statement", breaks=True)
    rule = Allowance("why", kind="statement")
    assert reasons([replace(broken, breaks=False)], rule) == ["why"]
    assert reasons([broken], rule) == [None]


def test_an_allowed_rename_does_not_cover_what_follows_and_weighs_more() -> None:
    def of(column: str) -> Schema:
        facts = table("t", "id int", f"{column} int!", "z int")
        policy = fact("policy", "public.t.p", facts[0].key, using=f"({column} > 0)")
        grant = fact("privilege", f"ON COLUMN public.t.{column} TO x", facts[2].key)
        return schema(facts, policy, grant)

    comparison = compare(of("a"), of("b"))
    (one,) = comparison
    assert (one.change, [part.kind for part in one.follows]) == ("renamed", ["policy"])
    rename = Allowance("agreed", kind="column", change="renamed")
    judgement = judge("b", comparison, [rename])
    assert [(each.kind, each.impact) for each in left(judgement)] == [("policy", "security")]
    ((whole, _),) = allowed(judgement)
    assert whole.follows == ()
    assert ("policy", "public.t.p") not in whole.below
    assert ("privilege", "ON COLUMN public.t.a TO x") in whole.below
    policy = Allowance("agreed, too", kind="policy", change="changed")
    assert left(judge("b", comparison, [rename, policy])) == []


@pytest.mark.parametrize(
    ("attributes", "is_left"),
    [
        ({"unique": True, "columns": ["tenant", "legacy"]}, True),
        ({"unique": True, "columns": ["lower(tenant)", "legacy desc"]}, True),
        ({"exclusion": True, "columns": ["tenant", "legacy"]}, True),
        ({"unique": True, "columns": ["legacy"], "nulls_not_distinct": True}, True),
        ({"unique": True, "columns": ["legacy"]}, False),
        ({"unique": True, "columns": ["legacy", "other"]}, False),
        ({"columns": ["tenant", "legacy"]}, False),
    ],
)
def test_an_allowed_column_does_not_cover_a_key_of_what_both_have(
    attributes: dict[str, Value], is_left: bool
) -> None:
    columns = table("t", "tenant int"), table("t", "tenant int", "legacy int", "other int")
    key = fact("constraint", "public.t.k", ("table", "public.t"), type="unique")
    index = replace(fact("index", "public.k", key.key), attributes=attributes)
    comparison = compare(schema(columns[0]), schema(columns[1], key, index))
    rule = Allowance("still there", kind="column", change="extra")
    judgement = judge("b", comparison, [rule])
    expected = ["public.t.k"] if is_left else []
    assert [one.name for one in left(judgement)] == expected
    assert left(judge("b", comparison, [rule, Allowance("so be it", name="public.t.k")])) == []
    assert ("public.k" in str([one.below for one, _ in allowed(judgement)])) == (not is_left)
    missing = compare(schema(columns[1], key, index), schema(columns[0]))
    assert left(judge("b", missing, [Allowance("gone", kind="column")])) == []


@pytest.mark.parametrize(("columns", "is_left"), [(["a", "legacy"], True), (["legacy"], False)])
def test_an_allowed_column_does_not_cover_a_foreign_key_of_what_both_have(
    columns: list[Value], is_left: bool
) -> None:
    key = fact(
        "constraint", "public.t.f", ("table", "public.t"), type="foreign key", columns=columns
    )
    comparison = compare(
        schema(table("t", "a int")), schema(table("t", "a int", "legacy int"), key)
    )
    judgement = judge("b", comparison, [Allowance("still there", kind="column", change="extra")])
    assert [one.name for one in left(judgement)] == (["public.t.f"] if is_left else [])


ANEW = "fix the difference, or accept it anew"
OWN = fact("policy", 'public.users."See own rows"', ("table", "public.users"), using="true")


@pytest.mark.parametrize(
    ("asked", "remedy"),
    [
        ({"name": "See own rows"}, """did you mean 'public.users."See own rows"'?"""),
        ({"name": "users.see own rows"}, """did you mean 'public.users."See own rows"'?"""),
        ({"name": "public.users.See own rows"}, """did you mean 'public.users."See own rows"'?"""),
        ({"name": "f"}, 'did you mean "public.f(integer[], text[])"?'),
        ({"kind": "column", "name": "id"}, 'did you mean "public.users.id"?'),
        ({"name": "public.users.id", "attribute": "typ"}, 'did you mean attribute = "type"?'),
        ({"name": "public.users.id", "change": "extra"}, 'did you mean change = "changed"?'),
        ({"name": "public.users.id", "kind": "table"}, 'did you mean kind = "column"?'),
        ({"name": "*.users.id", "kind": "table"}, "remove it"),
        ({"name": "public.users.id", "impact": "form"}, f"its impact is behavior now: {ANEW}"),
        ({"name": "public.users.id", "actual": "text"}, f"the tree has bigint now: {ANEW}"),
        ({"name": "public.users.id", "attribute": "typ", "change": "extra"}, "remove it"),
        ({"name": "nothing like it"}, "remove it"),
        ({"kind": "constraint"}, "remove it"),
    ],
)
def test_a_stale_allowance_is_told_what_it_may_mean(asked: dict[str, Any], remedy: str) -> None:
    rule = Allowance(reason="agreed", **asked)
    new = schema(
        table("users", "id bigint"), OWN, fact("function", "public.f(integer[], text[])", body="2")
    )
    judgement = judge("supabase", compare(OLD, new), [rule])
    assert stale(judgement, rule) == (rule,)
    (finding,) = check.findings("supabase", [rule], [], judgement.findings)
    assert finding.title.partition("; ")[2] == remedy


@pytest.mark.parametrize(
    ("asked", "remedy"),
    [
        ({"kind": "constraint"}, "this may be caused by failed statements"),
        (
            {"name": "public.users.id", "attribute": "typ"},
            'this may be caused by failed statements; did you mean attribute = "type"?',
        ),
    ],
)
def test_a_stale_allowance_after_failures_may_be_right(asked: dict[str, Any], remedy: str) -> None:
    rule = Allowance(reason="agreed", **asked)
    (finding,) = check.findings(
        "supabase", [rule], [], judged(rule).findings, after_failures=[rule]
    )
    assert finding.fails
    assert finding.change == "stale"
    assert finding.title.partition("; ")[2] == remedy
