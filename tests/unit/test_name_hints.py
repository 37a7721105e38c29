from __future__ import annotations

import pytest

from pytest_schema_parity.migrations.name_hints import nearest

KNOWN = [
    ("public", "users"),
    ("public", "submissions"),
    ("billing", "invoices"),
    ("public", "Role"),
]


@pytest.mark.parametrize(
    ("schema", "name", "meant"),
    [
        (None, "submission", "submissions"),
        (None, "user", "users"),
        ("public", "submission", "public.submissions"),
        (None, "invoices", "billing.invoices"),
        (None, "invoice", "billing.invoices"),
        ("public", "invoices", "billing.invoices"),
        (None, "role", '"Role"'),
        (None, "USERS", "users"),
        (None, "nothing_like_it", None),
        (None, "users", "public.users"),
        ("public", "users", None),
        (None, "", None),
    ],
)
def test_the_nearest_name_is_given_as_sql(schema: str | None, name: str, meant: str | None) -> None:
    assert nearest(schema, name, KNOWN) == meant


def test_a_name_without_a_schema_is_never_qualified() -> None:
    assert nearest(None, "emial", [(None, "email"), (None, "name")]) == "email"
    assert nearest(None, "anom", [(None, "anon")]) == "anon"


def test_hostile_names_are_quoted() -> None:
    assert nearest(None, 'my "tabl"', [("a b", 'my "table"')]) == '"a b"."my ""table"""'
