"""Statements as the roles of a platform: row level security and grants, on both sides."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from support.campaign import in_campaign, one_in
from support.searching import Searcher, scripts

from pytest_schema_parity.behavior.statements.counterexample import (
    Budget,
    DatabaseCopy,
    Known,
    Search,
)
from pytest_schema_parity.postgres.cluster import Cluster

ROLES = ("anon", "authenticated")

NOTES = """
CREATE SCHEMA auth;
GRANT USAGE ON SCHEMA auth TO PUBLIC;
CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid $$;
CREATE TABLE account (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), kind text NOT NULL);
CREATE TABLE note (
    id bigint PRIMARY KEY, owner uuid NOT NULL REFERENCES account, public boolean NOT NULL,
    body text, at timestamptz NOT NULL DEFAULT now()
);
CREATE VIEW shown WITH (security_invoker) AS SELECT id, body FROM note WHERE public;
CREATE FUNCTION is_admin() RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER AS $$
    SELECT EXISTS (SELECT FROM public.account WHERE id = auth.uid() AND kind = 'admin') $$;
ALTER TABLE note ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON note FOR ALL TO authenticated
    USING (owner = auth.uid()) WITH CHECK (owner = auth.uid());
CREATE POLICY published ON note FOR SELECT TO anon, authenticated USING (public);
CREATE POLICY admins ON note FOR SELECT TO authenticated USING (is_admin());
GRANT SELECT, INSERT, UPDATE, DELETE ON note TO authenticated;
GRANT SELECT ON note, shown TO anon;
GRANT SELECT ON shown TO authenticated;
"""

CHANGES = {
    "row level security off": (
        "ALTER TABLE note ENABLE ROW LEVEL SECURITY;",
        "",
        ("rows", "public.note", "more"),
        "anon",
    ),
    "a policy gone": (
        "CREATE POLICY published ON note FOR SELECT TO anon, authenticated USING (public);",
        "",
        ("rows", "public.note", "fewer"),
        "anon",
    ),
    "a policy of another role": (
        "FOR SELECT TO anon, authenticated USING (public)",
        "FOR SELECT TO anon USING (public)",
        ("rows", "public.note", "fewer"),
        "authenticated",
    ),
    "WITH CHECK of anything": (
        "WITH CHECK (owner = auth.uid())",
        "WITH CHECK (true)",
        ("verdict", "reference"),
        "authenticated",
    ),
    "USING of anything": (
        "USING (owner = auth.uid())",
        "USING (true)",
        ("rows", "public.note", "more"),
        "authenticated",
    ),
    "another predicate": (
        "USING (public)",
        "USING (public AND body <> 'draft')",
        ("rows", "public.note", "fewer"),
        "anon",
    ),
    "a grant gone": (
        "GRANT SELECT, INSERT, UPDATE, DELETE ON note TO authenticated",
        "GRANT SELECT, INSERT, UPDATE ON note TO authenticated",
        ("verdict", "candidate"),
        "authenticated",
    ),
    "a grant of a view gone": (
        "GRANT SELECT ON note, shown TO anon",
        "GRANT SELECT ON note TO anon",
        ("rows", "public.shown", "fails"),
        "anon",
    ),
    "a security-definer function": (
        "kind = 'admin'",
        "kind = 'owner'",
        ("rows", "public.note"),
        "authenticated",
    ),
    "a security-definer function made invoker": (
        "STABLE SECURITY DEFINER",
        "STABLE",
        ("rows", "public.note", "fails"),
        "authenticated",
    ),
}


@pytest.fixture(scope="module", autouse=True)
def _roles(cluster: Cluster) -> Iterator[None]:
    with psycopg.connect(cluster.conninfo("postgres"), autocommit=True) as connection:
        for role in ROLES:
            connection.execute(f"CREATE ROLE {role} NOLOGIN".encode())
        yield
        for role in ROLES:
            connection.execute(f"DROP ROLE {role}".encode())


@pytest.fixture(scope="module")
def searcher(cluster: Cluster) -> Searcher:
    return Searcher(cluster)


@pytest.fixture(scope="module")
def notes(searcher: Searcher) -> Iterator[DatabaseCopy]:
    with searcher.built(NOTES) as side:
        yield side


def as_roles(found: Search) -> set[tuple[str, tuple[str, ...]]]:
    return {(each.role, each.cause) for each in found.counterexamples}


@pytest.mark.parametrize("change", one_in(3, CHANGES))
def test_what_a_role_may_see_and_do_on_one_side_alone_is_found(
    searcher: Searcher, notes: DatabaseCopy, change: str
) -> None:
    before, after, cause, role = CHANGES[change]
    assert before in NOTES
    found = searcher.against(notes, NOTES.replace(before, after), roles=ROLES)
    shown = [each for each in found.counterexamples if each.role == role]
    assert any(each.cause[: len(cause)] == cause for each in shown), scripts(found)
    assert {each.role for each in found.counterexamples} <= set(ROLES), scripts(found)
    for each in shown:
        assert f"SET ROLE {role};" in each.statements
        assert len(each.statements) <= 7, scripts(found)


def test_without_roles_row_level_security_is_not_seen(
    searcher: Searcher, notes: DatabaseCopy
) -> None:
    candidate = NOTES.replace("ALTER TABLE note ENABLE ROW LEVEL SECURITY;", "")
    assert searcher.against(notes, candidate).counterexamples == ()


@pytest.mark.parametrize("seed", [0, *in_campaign([1, 2])])
def test_nothing_is_found_between_a_tree_and_itself_as_any_role(
    searcher: Searcher, notes: DatabaseCopy, seed: int
) -> None:
    found = searcher.against(notes, NOTES, roles=ROLES, seed=seed)
    assert found.counterexamples == (), scripts(found)
    assert found.as_roles > 100


def test_a_difference_that_the_superuser_sees_is_shown_once(
    searcher: Searcher, notes: DatabaseCopy
) -> None:
    candidate = NOTES.replace("body text,", "body text CHECK (body <> ''),").replace(
        "kind text NOT NULL", "kind text"
    )
    found = searcher.against(notes, candidate, roles=ROLES)
    assert {each.role for each in found.counterexamples} == {""}, scripts(found)


def test_a_role_that_is_missing_is_named_and_the_others_are_tried(
    searcher: Searcher, notes: DatabaseCopy
) -> None:
    candidate = NOTES.replace("ALTER TABLE note ENABLE ROW LEVEL SECURITY;", "")
    found = searcher.against(notes, candidate, roles=("nobody_at_all", "anon"))
    assert found.missing_roles == (("nobody_at_all", 0), ("nobody_at_all", 1))
    assert {each.role for each in found.counterexamples} == {"anon"}


@pytest.mark.parametrize(
    ("roles", "shown"),
    [((), set()), (("authenticated",), set()), (("authenticated", "anon"), {"anon"})],
)
def test_a_known_example_is_tried_only_if_its_role_is(
    searcher: Searcher, notes: DatabaseCopy, roles: tuple[str, ...], shown: set[str]
) -> None:
    candidate = NOTES.replace("SELECT TO anon, authenticated", "SELECT TO authenticated")
    few = Budget(examples=40)
    before = searcher.against(notes, candidate, roles=("anon",)).counterexamples
    assert {each.role for each in before} == {"anon"}
    known = [Known(each.subject, each.parts, each.examples) for each in before]
    found = searcher.against(notes, candidate, roles=roles, known=known, budget=few)
    assert {each.role for each in found.counterexamples} == shown, scripts(found)


def test_the_statements_show_the_same_when_they_are_pasted(
    searcher: Searcher, notes: DatabaseCopy
) -> None:
    """They run as they stand, one by one, in databases without rows."""
    candidate = NOTES.replace("WITH CHECK (owner = auth.uid())", "WITH CHECK (true)")
    with searcher.built(candidate) as other:
        found = searcher.against(notes, candidate, roles=("authenticated",))
        inserted, updated = (each for each in found.counterexamples if each.cause[0] == "verdict")
        for example in (inserted, updated):
            errors = [_pasted(side, example.statements) for side in (notes, other)]
            pairs = [pair for pair in zip(*errors, strict=True) if pair != ("", "")]
            assert pairs == [("42501", "")]


def _pasted(side: DatabaseCopy, statements: tuple[str, ...]) -> list[str]:
    """The SQLSTATE of each statement, all undone in the end."""
    states = []
    with psycopg.connect(side.conninfo) as connection:
        connection.execute("SELECT")  # begins the transaction that is undone
        for statement in statements:
            try:
                with connection.transaction():
                    connection.execute(statement.encode())
            except psycopg.Error as error:
                states.append(error.sqlstate or "")
            else:
                states.append("")
        connection.rollback()
    return states
