"""A connection that ends is a complaint, whatever libpq has to say of it."""

from __future__ import annotations

import psycopg
import pytest

from pytest_schema_parity.migrations.protocol import _lost_connection


@pytest.mark.parametrize(
    ("message", "reason"),
    [("gone\nfor good", "gone"), ("", "without a reason"), ("\n", "without a reason")],
)
def test_a_lost_connection_has_a_reason_or_none(message: str, reason: str) -> None:
    complaint = _lost_connection(psycopg.OperationalError(message))
    assert (complaint.sqlstate, complaint.message) == (
        "08006",
        f"the connection was lost: {reason}",
    )
