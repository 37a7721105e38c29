from __future__ import annotations

import pytest

from pytest_schema_parity.building.unavailable import explain_unavailable
from pytest_schema_parity.migrations.failure import Failure

SERVERS = "The extension must first be installed on the system where PostgreSQL is running."
REMEDY = "Use a PostgreSQL that has postgis: --schema-parity-bindir=DIR."


def failure(message: str, hint: str | None) -> Failure:
    return Failure("a.sql", 1, 1, "CREATE EXTENSION x", "0A000", message, hint)


@pytest.mark.parametrize(
    ("hint", "stand_ins", "explained"),
    [
        (None, (), REMEDY),
        (SERVERS, (), REMEDY),
        (SERVERS, ("http", "pg_net"), f"{REMEDY} This one has stand-ins for http, pg_net."),
        (f"{SERVERS} Did you mean postgres_fdw?", (), f"Did you mean postgres_fdw? {REMEDY}"),
    ],
)
def test_an_extension_that_is_not_available(
    hint: str | None, stand_ins: tuple[str, ...], explained: str
) -> None:
    failed = failure('extension "postgis" is not available', hint)
    assert explain_unavailable(failed, stand_ins).hint == explained


@pytest.mark.parametrize(
    "message",
    ['extension "postgis" already exists', 'no: extension "postgis" is not available today'],
)
def test_another_failure_is_left_as_it_is(message: str) -> None:
    failed = failure(message, "Do something.")
    assert explain_unavailable(failed, ("http",)) is failed
