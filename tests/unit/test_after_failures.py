"""Which differences a failed statement may be behind: those that its lost statements name."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest

from pytest_schema_parity.checks.after_failures import causing_failure
from pytest_schema_parity.migrations.failure import Failure
from pytest_schema_parity.migrations.scanner import split
from pytest_schema_parity.migrations.without_effect import lost_statements, lost_text, names_in
from pytest_schema_parity.schema.difference import Difference
from pytest_schema_parity.schema.facts import Fact, Place, Schema

USERS = ("table", "public.users")
TOTALS = ("view", "public.totals")
SCHEMA = Schema(
    [
        Fact("schema", "public"),
        Fact(*USERS, parent=("schema", "public")),
        Fact("column", 'public.users."E-mail"', parent=USERS),
        Fact("constraint", "public.users.users_a_b_key", {"columns": ["a", "b"]}, USERS),
        Fact("index", "public.by_name", {"columns": ["lower(name)"]}, USERS),
        Fact("privilege", "ON TABLE public.users TO reader", parent=USERS),
        Fact("function", "public.f(public.users)", parent=("schema", "public")),
        Fact(*TOTALS, {"definition": "SELECT 1"}, ("schema", "public")),
        Fact("column", "public.totals.n", parent=TOTALS),
    ]
)


def failure(sql: str, *, whole: bool = False) -> Failure:
    failed = Failure("b/1.sql", 7, 1, "", "42P01", "no")
    if whole:
        return replace(failed, lost=lost_text(sql))
    statements = split(sql, file="b/1.sql")
    return replace(failed, lost=lost_statements(statements))


def is_behind(
    sql: str,
    kind: str,
    name: str,
    change: Literal["missing", "extra", "changed"] = "missing",
    *,
    attribute: str | None = None,
    whole: bool = False,
) -> bool:
    """Whether a failure in the tree may be behind a difference."""
    one = Difference(kind=kind, name=name, change=change, attribute=attribute, impact="behavior")
    place = causing_failure(one, ((SCHEMA, ()), (SCHEMA, (failure(sql, whole=whole),))))
    assert place in (None, Place("b/1.sql", 7))
    return place is not None


@pytest.mark.parametrize(
    ("sql", "kind", "name"),
    [
        ("CREATE TABLE users (id int); SELECT no", "table", "public.users"),
        ('ALTER TABLE Users ADD "E-mail" text', "column", 'public.users."E-mail"'),
        ("ALTER TABLE users ADD UNIQUE (a, b)", "constraint", "public.users.users_a_b_key"),
        ("CREATE INDEX by_name ON other (x)", "index", "public.by_name"),
        ("CREATE INDEX ON users (lower(name))", "index", "public.by_name"),
        ("GRANT ALL ON users TO reader", "privilege", "ON TABLE public.users TO reader"),
        ("CREATE FUNCTION f(users) RETURNS int", "function", "public.f(public.users)"),
        ("CREATE OR REPLACE VIEW totals AS SELECT 1", "column", "public.totals.n"),
        ("DO $$ BEGIN CREATE TABLE users(); END $$", "table", "public.users"),
    ],
)
def test_a_lost_statement_that_names_it(sql: str, kind: str, name: str) -> None:
    assert is_behind(sql, kind, name)


@pytest.mark.parametrize(
    ("sql", "kind", "name"),
    [
        ("CREATE TABLE other (users int)", "table", "public.totals"),
        ("ALTER TABLE users ADD email text", "column", 'public.users."E-mail"'),
        ("CREATE POLICY p ON users USING (a = b)", "constraint", "public.users.users_a_b_key"),
        ('CREATE VIEW v AS SELECT "E-mail" FROM users', "column", 'public.users."E-mail"'),
        ("GRANT ALL ON users TO writer", "privilege", "ON TABLE public.users TO reader"),
        ("GRANT ALL ON users TO reader", "table", "public.users"),
        ("CREATE TABLE other (); -- users", "table", "public.users"),
    ],
)
def test_a_lost_statement_that_is_about_something_else(sql: str, kind: str, name: str) -> None:
    assert not is_behind(sql, kind, name)


def test_what_is_there_can_only_have_wanted_to_be_dropped() -> None:
    assert not is_behind("CREATE TABLE users ()", "table", "public.users", "extra")
    assert is_behind("DROP TABLE users", "table", "public.users", "extra")


def test_a_comment_is_behind_a_comment_only() -> None:
    sql = "COMMENT ON TABLE users IS 'x'"
    assert is_behind(sql, "table", "public.users", "changed", attribute="comment")
    assert not is_behind(sql, "table", "public.users", "changed", attribute="persistence")


def test_a_file_that_cannot_be_cut_may_hold_anything() -> None:
    assert is_behind("'x users", "table", "public.users", whole=True)


def test_what_ran_before_the_failure_stays_outside_of_a_transaction() -> None:
    statements = split("CREATE TABLE a (); CREATE TABLE b (); CREATE TABLE c ()", file="x")
    lost = lost_statements(statements, 1)
    assert [sorted(one.names - {"create", "table"}) for one in lost] == [["b"], ["c"]]


def test_names_are_as_the_server_reads_them() -> None:
    assert names_in('"A ""b""" Über$1 /* no */ x -- y') == {'A "b"', "über$1", "x"}
