"""What tables, views and routines use, for the explanation of a counterexample."""

from __future__ import annotations

import pytest

from pytest_schema_parity.checks.dependencies import dependencies, last_part
from pytest_schema_parity.schema.facts import Fact, Schema

T, U, LOG = ("table", "public.t"), ("table", "public.u"), ("table", "public.log")
CHECK, NOTE = ("function", "public.check_t()"), ("function", "public.note(integer)")
LEVEL, MAIL, COUNTER = ("enum", "public.level"), ("domain", "public.mail"), ("sequence", "public.n")
BELOW, VIEW = ("view", "public.below"), ("view", "public.v")


def fact(key: tuple[str, str], parent: tuple[str, str] | None = None, **attributes: str) -> Fact:
    return Fact(kind=key[0], name=key[1], attributes=attributes, parent=parent)


SCHEMA = Schema(
    [
        fact(T),
        fact(U),
        fact(LOG),
        fact(("column", "public.t.level"), T, type="public.level[]"),
        fact(("column", "public.t.n"), T, type="integer", default="nextval('public.n'::regclass)"),
        fact(("column", "public.log.mail"), LOG, type="mail"),
        fact(("constraint", "public.t.u"), T, definition="FOREIGN KEY (u) REFERENCES public.u(id)"),
        fact(("trigger", "public.t.check_t"), T, function="public.check_t()"),
        fact(CHECK, body="BEGIN PERFORM note(1); END"),
        fact(NOTE, body="INSERT INTO log DEFAULT VALUES"),
        fact(("function", "public.annotate()"), body="SELECT 1"),
        fact(LEVEL),
        fact(MAIL),
        fact(COUNTER),
        fact(BELOW, definition="SELECT id FROM public.u"),
        fact(VIEW, definition="SELECT id FROM public.below"),
    ]
)


@pytest.mark.parametrize(
    ("root", "used", "unused"),
    [
        ("public.t", {LEVEL, COUNTER, CHECK, NOTE, LOG, MAIL}, {U, VIEW, BELOW}),
        ("public.u", {U}, {T, LEVEL, VIEW}),
        ("public.v", {BELOW, U}, {T, CHECK}),
        ("public.note(integer)", {LOG, MAIL}, {T, CHECK}),
    ],
)
def test_what_is_used(root: str, used: set[tuple[str, str]], unused: set[tuple[str, str]]) -> None:
    found = dependencies([Schema(), SCHEMA], [root])
    assert used <= found
    assert not unused & found
    assert ("function", "public.annotate()") not in found


@pytest.mark.parametrize(
    ("name", "last"),
    [
        ("public.t", "t"),
        ('public."A.b"', '"A.b"'),
        ("public.f(integer, public.t)", "f"),
        ('public."F (x)"(text)', '"F (x)"'),
        ("t", "t"),
    ],
)
def test_the_last_part_of_a_name(name: str, last: str) -> None:
    assert last_part(name) == last
