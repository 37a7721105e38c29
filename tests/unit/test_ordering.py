"""Which bodies of functions ask for an order of the rows that they return."""

from __future__ import annotations

import pytest

from pytest_schema_parity.behavior.statements.ordering import is_ordered

ORDERED = [
    "SELECT a FROM t ORDER BY a",
    "select a from t order /* so */ by a limit 3; -- no more;",
    "WITH w AS (SELECT 1) SELECT a FROM t ORDER BY 1 DESC NULLS LAST;",
    "(SELECT 1) UNION SELECT 2 ORDER BY 1",
    "BEGIN ATOMIC\n SELECT t.id\n    FROM t\n   ORDER BY t.id;\nEND",
    "VALUES (2), (1) ORDER BY 1",
]
UNORDERED = [
    "",
    "SELECT a FROM t",
    "SELECT * FROM (SELECT a FROM t ORDER BY a) AS q",
    "SELECT array_agg(a ORDER BY a), rank() OVER (ORDER BY a) FROM t",
    "SELECT 'ORDER BY a' -- ORDER BY a",
    "SELECT a FROM t ORDER BY a; SELECT a FROM t",
    "INSERT INTO u SELECT a FROM t ORDER BY a RETURNING a",
    "WITH w AS (SELECT 1) INSERT INTO u SELECT a FROM t ORDER BY a RETURNING a",
    'SELECT "order", by FROM t',
    "SELECT 'it does not end",
]


@pytest.mark.parametrize("body", ORDERED)
def test_a_query_with_an_outermost_order(body: str) -> None:
    assert is_ordered(body)


@pytest.mark.parametrize("body", UNORDERED)
def test_none_in_parentheses_strings_or_other_statements(body: str) -> None:
    assert not is_ordered(body)
