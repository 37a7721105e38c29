"""What the check ``behavior`` reports beside counterexamples: differences without one, roles."""

from __future__ import annotations

import pytest

from pytest_schema_parity.behavior.statements.counterexample import Search
from pytest_schema_parity.checks.behavior import headline
from pytest_schema_parity.checks.behavior_findings import BehaviorFindings
from pytest_schema_parity.findings.allowance import Allowance
from pytest_schema_parity.findings.evidence import Script, Text
from pytest_schema_parity.findings.finding import Finding
from pytest_schema_parity.schema.difference import Difference
from pytest_schema_parity.schema.facts import Fact, Schema
from pytest_schema_parity.schema.kinds import Impact

TABLE = Schema([Fact("table", "public.t", {})])


def difference(
    kind: str, name: str, attribute: str | None = None, impact: Impact = "security"
) -> Difference:
    return Difference(
        kind=kind, name=name, attribute=attribute, impact=impact, expected="a", actual="b",
        change="changed" if attribute else "missing",
    )  # fmt: skip


ACCESS = (
    difference("policy", "public.t.own"),
    difference("privilege", "SELECT ON TABLE public.t TO anon"),
    difference("privilege", "SELECT ON COLUMN public.t.a TO anon"),
    difference("table", "public.t", "row_level_security"),
    difference("function", "public.f()", "security_definer"),
    difference("view", "public.v", "security_invoker"),
)
OTHERS = (
    difference("table", "public.t", "owner"),
    difference("default privilege", "SELECT ON TABLES TO anon"),
    difference("index", "public.i", impact="performance"),
)
CHECKED = difference("constraint", "public.t.c", impact="behavior")


def notes(
    found: Search, *differences: Difference, allowances: tuple[Allowance, ...] = ()
) -> dict[str, tuple[str, ...]]:
    reported = BehaviorFindings(("one", "two"), (TABLE, TABLE), differences, found, allowances)
    return {
        each.title: tuple(line for e in each.evidence if isinstance(e, Text) for line in e.lines)
        for each in reported.findings()
        if each.note and each.title != "no statements were tried: no table accepted a row"
    }


def test_with_roles_policies_and_privileges_without_a_counterexample_are_named() -> None:
    found = Search(examples=9, roles=("anon",), as_roles=9)
    told = notes(found, *ACCESS, *OTHERS, CHECKED)
    (lines,) = told.values()
    assert [*told] == ["no counterexample was found for 7 differences"]
    assert "policy public.t.own is missing" in lines
    assert "constraint public.t.c is missing" in lines
    assert not any("owner" in line or "default" in line or "index" in line for line in lines)


def test_without_roles_policies_and_privileges_are_said_to_be_not_tried() -> None:
    told = notes(Search(examples=9), *ACCESS, *OTHERS, CHECKED)
    assert [*told] == [
        "no counterexample was found for 1 difference",
        "6 differences in access control (policies, privileges, …) were not tested: set `roles`",
    ]
    assert len(told[[*told][1]]) == len(ACCESS)


def test_without_roles_and_without_such_differences_nothing_is_said() -> None:
    assert notes(Search(examples=9), *OTHERS) == {}


def test_what_is_allowed_is_not_said_to_be_not_tried() -> None:
    policies = Allowance("two is open", tree="two", kind="policy")
    elsewhere = Allowance("three is open", tree="three", kind="privilege")
    found = Search(examples=9)
    (lines,) = notes(found, *ACCESS, allowances=(policies, elsewhere)).values()
    assert len(lines) == len(ACCESS) - 1
    assert not any(line.startswith("policy") for line in lines)


def test_a_search_that_ended_before_the_roles_says_so() -> None:
    found = Search(examples=9, exhausted="seconds", roles=("anon", "b"), unreached=("public.t",))
    (title,) = notes(found)
    assert title.endswith("; not tested: public.t; no statement was run as anon, b")
    assert "no statement was run" not in "".join(
        notes(Search(examples=9, exhausted="seconds", roles=("anon",), as_roles=1))
    )


def failing(title: str, *, shown: bool) -> Finding:
    evidence = (Script(("SELECT 1;",), ((None, None),), examples=1, whole=True),)
    return Finding(
        tree="two", check="behavior", kind="behavior", name="n", change="changed", title=title,
        evidence=evidence if shown else (),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("findings", "line"),
    [
        ([("a", True)], "1 counterexample: a"),
        ([("a", True), ("b", True)], "2 counterexamples, the first: a"),
        ([("r", False)], "r"),
        ([("r", False), ("s", False)], "r; and 1 more"),
        ([("a", True), ("r", False)], "1 counterexample: a; r"),
    ],
)
def test_a_role_that_is_missing_is_no_counterexample(
    findings: list[tuple[str, bool]], line: str
) -> None:
    assert headline([failing(title, shown=shown) for title, shown in findings], "two") == line
