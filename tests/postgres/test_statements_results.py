"""What of the results of calls is compared: columns by name, the order where a body asks for it."""

from __future__ import annotations

import pytest
from searching import Searcher, causes, scripts

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


@pytest.mark.parametrize("order", ORDERS)
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


@pytest.mark.parametrize("change", CHANGES)
def test_values_of_results_still_differ(searcher: Searcher, change: str) -> None:
    routine, before, after = CHANGES[change]
    one = ROWS.format(**PLAIN)
    assert one.count(before) == 1
    assert causes(searcher(one, one.replace(before, after))) == [("result", f"public.{routine}")]
