"""Calls of functions and procedures that both sides have."""

from __future__ import annotations

import pytest
from support.campaign import in_campaign
from support.searching import Searcher, causes, scripts

from pytest_schema_parity.behavior.statements.counterexample import Budget
from pytest_schema_parity.postgres.cluster import Cluster

ROUTINES = """
CREATE TABLE account (id int PRIMARY KEY, owner text NOT NULL, balance int NOT NULL DEFAULT 0);
CREATE FUNCTION grade(points int) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN points > 40 THEN 'good' WHEN points >= 0 THEN 'fair' END $$;
CREATE FUNCTION named(who text, loud boolean DEFAULT false) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    IF who = 'root' THEN RAISE EXCEPTION 'not root' USING ERRCODE = '22023'; END IF;
    RETURN CASE WHEN loud THEN upper(who) ELSE who END;
END $$;
CREATE FUNCTION named(who int) RETURNS text LANGUAGE sql AS $$ SELECT 'number ' || who $$;
CREATE FUNCTION rich(bound int) RETURNS SETOF account LANGUAGE sql STABLE AS $$
    SELECT * FROM account WHERE balance >= bound $$;
CREATE FUNCTION token() RETURNS uuid LANGUAGE sql AS $$ SELECT gen_random_uuid() $$;
CREATE FUNCTION ticks() RETURNS timestamptz LANGUAGE sql AS $$ SELECT clock_timestamp() $$;
CREATE PROCEDURE deposit(account_id int, amount int) LANGUAGE plpgsql AS $$
BEGIN UPDATE account SET balance = balance + amount WHERE id = account_id; END $$;
CREATE FUNCTION open_account(name text) RETURNS int LANGUAGE sql AS $$
    INSERT INTO account (id, owner) VALUES (7, name) RETURNING id $$;
"""

CHANGES = {
    "only on NULL": (
        "WHEN points >= 0 THEN 'fair' END",
        "WHEN points >= 0 THEN 'fair' WHEN points IS NULL THEN 'none' END",
        ("result", "public.grade(integer)"),
        "SELECT public.grade(NULL);",
    ),
    "a constant": (
        "points > 40",
        "points > 41",
        ("result", "public.grade(integer)"),
        "SELECT public.grade(41);",
    ),
    "a comparison": (
        "points >= 0",
        "points > 0",
        ("result", "public.grade(integer)"),
        "SELECT public.grade(0);",
    ),
    "an error gone": (
        "who = 'root'",
        "who = 'root' AND who <> 'root'",
        ("verdict", "reference", "public.named(text, boolean)"),
        "SELECT public.named('root'::text",
    ),
    "another error": (
        "ERRCODE = '22023'",
        "ERRCODE = '42501'",
        ("error", "public.named(text, boolean)"),
        "SELECT public.named('root'::text",
    ),
    "one of two of a name": (
        "'number '",
        "'no '",
        ("result", "public.named(integer)"),
        "SELECT public.named(",
    ),
    "rows": (
        "balance >= bound",
        "balance > bound",
        ("result", "public.rich(integer)"),
        "SELECT public.rich(",
    ),
    "what a procedure writes": (
        "balance + amount",
        "balance - amount",
        ("rows", "public.account"),
        "CALL public.deposit(",
    ),
    "what a function writes": (
        "VALUES (7, name)",
        "VALUES (7, upper(name))",
        ("rows", "public.account"),
        "SELECT public.open_account(",
    ),
    "chance on one side alone": (
        "SELECT gen_random_uuid()",
        "SELECT '00000000-0000-4000-8000-000000000000'::uuid",
        ("result", "public.token()"),
        "SELECT public.token();",
    ),
}


@pytest.fixture(scope="module")
def searcher(cluster: Cluster) -> Searcher:
    return Searcher(cluster)


@pytest.mark.parametrize("change", CHANGES)
def test_a_call_that_comes_to_something_else_is_found(searcher: Searcher, change: str) -> None:
    before, after, cause, statement = CHANGES[change]
    assert ROUTINES.count(before) == 1
    found = searcher(ROUTINES, ROUTINES.replace(before, after))
    (example,) = found.counterexamples
    assert example.cause[: len(cause)] == cause, scripts(found)
    assert example.statements[-1].startswith(statement)
    assert len(example.statements) <= 2


@pytest.mark.parametrize("seed", [0, *in_campaign([1, 2])])
def test_nothing_is_found_between_routines_and_themselves(searcher: Searcher, seed: int) -> None:
    found = searcher(ROUTINES, ROUTINES, seed=seed)
    assert found.counterexamples == (), scripts(found)
    assert found.calls > 30


def test_functions_of_triggers_and_of_other_types_are_not_called(searcher: Searcher) -> None:
    script = """
        CREATE FUNCTION fires() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN {0}; END$$;
        CREATE FUNCTION same(a anyelement) RETURNS anyelement LANGUAGE sql AS $$ SELECT a $$;
    """
    found = searcher(script.format("NEW"), script.format("NULL"))
    assert (found.counterexamples, found.calls) == ((), 0)


REACHING = {
    "COPY TO PROGRAM": "COPY (SELECT 1) TO PROGRAM 'touch /tmp/reached'",
    "reading a file": "PERFORM pg_read_file('/etc/hostname')",
    "a large object of a file": "PERFORM lo_import('/etc/hostname')",
    "another session": "PERFORM pg_terminate_backend(pid) FROM pg_stat_activity",
}


@pytest.mark.parametrize("what", REACHING)
def test_a_routine_that_reaches_outside_is_not_called_but_named(
    searcher: Searcher, what: str
) -> None:
    script = f"""
        CREATE FUNCTION inner_one() RETURNS int LANGUAGE plpgsql AS
            $$BEGIN {REACHING[what]}; RETURN 1; END$$;
        CREATE FUNCTION outer_one() RETURNS int LANGUAGE sql AS $$ SELECT inner_one() + {{0}} $$;
    """
    found = searcher(script.format(1), script.format(2))
    assert (found.counterexamples, found.calls) == ((), 0)
    assert {name for name, _ in found.left_out} == {"public.inner_one()", "public.outer_one()"}


@pytest.mark.usefixtures("short_limits")
@pytest.mark.parametrize(
    "body",
    [
        "BEGIN PERFORM pg_sleep(600); RETURN 1; END",
        pytest.param("BEGIN LOOP END LOOP; END", marks=pytest.mark.campaign),
        "BEGIN BEGIN PERFORM pg_sleep(600); EXCEPTION WHEN query_canceled THEN NULL; END;"
        " PERFORM pg_sleep(600); RETURN 1; END",
    ],
)
def test_a_function_that_switches_the_timeout_off_is_cut_off(searcher: Searcher, body: str) -> None:
    script = f"""
        CREATE FUNCTION slow() RETURNS int LANGUAGE plpgsql SET statement_timeout = 0 AS $${body}$$;
        CREATE FUNCTION quick(a int) RETURNS int LANGUAGE sql AS $$ SELECT a + {{0}} $$;
    """
    found = searcher(script.format(1), script.format(2))
    assert causes(found) == [("result", "public.quick(integer)")]


def test_a_search_cut_short_names_the_routines_and_roles_that_were_not_tried(
    searcher: Searcher,
) -> None:
    roles = """
        DO $$BEGIN CREATE ROLE not_tried; EXCEPTION WHEN duplicate_object THEN NULL; END$$;
        ALTER TABLE account ENABLE ROW LEVEL SECURITY;
        CREATE POLICY all_rows ON account TO not_tried USING (true);
        GRANT SELECT ON account TO not_tried;
    """
    tree = ROUTINES + roles
    found = searcher(tree, tree, budget=Budget(examples=5), roles=["not_tried"])
    assert found.exhausted == "examples"
    assert (found.roles, found.as_roles, found.calls) == (("not_tried",), 0, 0)
    assert {"public.grade(integer)", "public.token()"} <= {*found.unreached}
    found = searcher(tree, tree, roles=["not_tried"])
    assert found.unreached == ()
