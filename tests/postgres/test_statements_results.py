"""What of the results of calls is compared: columns by name, the order where a body asks for it."""

from __future__ import annotations

import pytest
from support.campaign import one_in
from support.searching import Searcher, causes, scripts

from pytest_schema_parity.postgres.cluster import Cluster
from pytest_schema_parity.schema.difference import Difference

ROWS = """
CREATE TYPE pair AS ({pair});
CREATE TABLE account ({account});
CREATE TABLE holding (id int PRIMARY KEY, held account, pairs pair[]);
CREATE FUNCTION accounts() RETURNS SETOF account LANGUAGE sql AS $$ SELECT * FROM account $$;
CREATE FUNCTION one() RETURNS account LANGUAGE sql AS $$ SELECT * FROM account LIMIT 1 $$;
CREATE FUNCTION listed() RETURNS account[] LANGUAGE sql AS $$ SELECT array_agg(a) FROM account a $$;
CREATE FUNCTION as_json() RETURNS json LANGUAGE sql AS $$
    SELECT json_agg(row_to_json(a)) FROM (SELECT {json} FROM account) AS a $$;
CREATE FUNCTION paired() RETURNS TABLE (n int, p pair) LANGUAGE sql AS $$
    SELECT 1, jsonb_populate_record(NULL::pair, '{{"a": 1, "b": "x"}}') $$;
CREATE FUNCTION held() RETURNS SETOF holding LANGUAGE sql AS $$
    SELECT 1, a, NULL::pair[] FROM account AS a $$;
"""
PLAIN = {
    "pair": "a int, b text",
    "account": "id int PRIMARY KEY, owner text, balance int",
    "json": "id, owner",
}
ORDERS = {
    "columns in another order": {"account": "balance int, owner text, id int PRIMARY KEY"},
    "attributes in another order": {"pair": "b text, a int"},
    "an extra column": {"account": "id int PRIMARY KEY, owner text, extra int, balance int"},
    "a wider type": {"account": "id int PRIMARY KEY, owner text, balance bigint"},
    "another numeric type": {"account": "id int PRIMARY KEY, owner text, balance numeric(9,2)"},
    "keys of JSON in another order": {"json": "owner, id"},
}


@pytest.fixture(scope="module")
def searcher(cluster: Cluster) -> Searcher:
    return Searcher(cluster)


@pytest.mark.parametrize("order", one_in(2, ORDERS))
def test_the_columns_of_results_are_compared_by_name(searcher: Searcher, order: str) -> None:
    found = searcher(ROWS.format(**PLAIN), ROWS.format(**PLAIN | ORDERS[order]))
    found = [e for e in found.counterexamples if e.cause[0] == "result"]
    assert not found, [(e.cause, e.outcomes) for e in found]


def test_renamed_columns_of_results_are_one_column(searcher: Searcher) -> None:
    one = ROWS.format(**PLAIN)
    other = one.replace("owner", "holder")
    rename = Difference(
        kind="column", name="public.account.owner", change="renamed",
        expected="public.account.owner", actual="public.account.holder", impact="behavior",
    )  # fmt: skip
    found = searcher(one, other, differences=[rename])
    assert causes(found) == [("result", "public.as_json()")], scripts(found)


CHANGES = {
    "a value of a row": (
        "accounts()",
        "SELECT * FROM account $$",
        "SELECT id, owner, coalesce(balance, 0) + 1 FROM account $$",
    ),
    "NULL or a row of NULL": (
        "paired()",
        'SELECT 1, jsonb_populate_record(NULL::pair, \'{"a": 1, "b": "x"}\')',
        "SELECT 1, NULL::pair",
    ),
    "a value in JSON": (
        "as_json()",
        "SELECT id, owner FROM",
        "SELECT id, coalesce(owner, '') || 'x' AS owner FROM",
    ),
    "rows in arrays": ("listed()", "array_agg(a)", "array_agg(a) || array_agg(a)"),
}


@pytest.mark.parametrize("change", one_in(3, CHANGES))
def test_values_of_results_still_differ(searcher: Searcher, change: str) -> None:
    routine, before, after = CHANGES[change]
    one = ROWS.format(**PLAIN)
    assert one.count(before) == 1
    assert causes(searcher(one, one.replace(before, after))) == [("result", f"public.{routine}")]


ORDERED = """
CREATE TABLE t (id int PRIMARY KEY, part int, note text);
CREATE FUNCTION listed() RETURNS SETOF {returns} LANGUAGE {language} STABLE AS $$ {body} $$;
"""
SELECT = "SELECT {columns} FROM t ORDER BY {order}"


def ordered(order: str, *, columns: str = "*", wrapped: str = "{}", language: str = "sql") -> str:
    """Tables with a function whose body, in some ``wrapped`` form, has an order."""
    body = wrapped.format(SELECT.format(columns=columns, order=order))
    returns = "t" if columns == "*" else "int"
    return ORDERED.format(returns=returns, language=language, body=body)


OUTERMOST = {
    "plain": "{}",
    "a comment and a semicolon": "{}; -- ORDER BY; is above",
    "below WITH": "WITH w AS (SELECT 1) {}",
    "a limit": "{} LIMIT 5",
}


@pytest.mark.parametrize("form", one_in(3, OUTERMOST))
def test_rows_are_compared_in_the_order_that_a_body_asks_for(searcher: Searcher, form: str) -> None:
    one, other = (ordered(order, wrapped=OUTERMOST[form]) for order in ("id", "id DESC"))
    assert causes(searcher(one, other)) == [("result", "public.listed()")]


def test_the_order_of_a_body_of_standard_sql_is_compared(searcher: Searcher) -> None:
    form = """
        CREATE TABLE t (id int PRIMARY KEY);
        CREATE FUNCTION listed() RETURNS SETOF int LANGUAGE sql
            BEGIN ATOMIC SELECT id FROM t ORDER BY id {0}; END;
    """
    found = searcher(form.format(""), form.format("DESC"))
    assert causes(found) == [("result", "public.listed()")]


NOT_OUTERMOST = {
    "in a subquery": ("SELECT * FROM ({}) AS q", "sql"),
    "in one of two statements": ("SELECT 1 FROM t ORDER BY 1; SELECT * FROM ({}) AS q", "sql"),
    "in PL/pgSQL": ("BEGIN RETURN QUERY {}; END", "plpgsql"),
}


@pytest.mark.parametrize("form", one_in(3, NOT_OUTERMOST))
def test_another_order_that_no_body_promises_is_no_difference(
    searcher: Searcher, form: str
) -> None:
    wrapped, language = NOT_OUTERMOST[form]
    one, other = (ordered(order, wrapped=wrapped, language=language) for order in ("id", "id DESC"))
    assert causes(searcher(one, other)) == []


def test_rows_that_are_equal_in_order_may_come_in_any(searcher: Searcher) -> None:
    one = ordered("part", columns="id")
    changed = one.replace("STABLE", "VOLATILE")
    assert causes(searcher(one, changed + "CREATE INDEX ON t (part, id DESC);")) == []


BY_NATURE = {
    "the process": ("pg_backend_pid()", "int"),
    "an oid as a number": ("'t'::regclass::oid::int", "int"),
    "the database": ("current_database()", "name"),
    "a file": ("pg_relation_filepath('t')", "text"),
    "a transaction": ("pg_current_xact_id()::text", "text"),
    "the server's directory": ("current_setting('data_directory')", "text"),
}


@pytest.mark.parametrize("what", one_in(2, BY_NATURE))
def test_a_routine_whose_result_differs_by_nature_is_not_called_but_named(
    searcher: Searcher, what: str
) -> None:
    value, kind = BY_NATURE[what]
    script = f"""
        CREATE TABLE t (id int PRIMARY KEY);
        CREATE FUNCTION inner_one() RETURNS {kind} LANGUAGE sql AS $$ SELECT {value} $$;
        CREATE FUNCTION outer_one() RETURNS text LANGUAGE sql AS $$ SELECT inner_one()::text $$;
        CREATE FUNCTION other_one() RETURNS int LANGUAGE sql AS $$
            SELECT {{0}} /* unlike {value} */ $$;
    """
    found = searcher(script.format(1), "CREATE TABLE made_before (); " + script.format(2))
    assert causes(found) == [("result", "public.other_one()")], scripts(found)
    assert {name for name, _ in found.left_out} == {"public.inner_one()", "public.outer_one()"}
    assert "differs between any two databases" in dict(found.left_out)["public.outer_one()"]


def test_oids_are_compared_as_names_or_not_at_all(searcher: Searcher) -> None:
    script = """
        CREATE TABLE t (id int PRIMARY KEY);
        CREATE TABLE u (id int PRIMARY KEY);
        CREATE FUNCTION number() RETURNS oid LANGUAGE sql AS $$ SELECT 't'::regclass $$;
        CREATE FUNCTION numbers() RETURNS TABLE (n oid, a oid[], name text) LANGUAGE sql AS $$
            SELECT 't'::regclass, ARRAY['t'::regclass], 't' $$;
        CREATE FUNCTION named() RETURNS regclass LANGUAGE sql AS $$ SELECT '{0}'::regclass $$;
    """
    found = searcher(script.format("t"), "CREATE TABLE made_before (); " + script.format("u"))
    assert causes(found) == [("result", "public.named()")], scripts(found)
    assert found.left_out == ()
