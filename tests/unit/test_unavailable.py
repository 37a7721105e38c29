from __future__ import annotations

import pytest

from pytest_schema_parity.building.unavailable import explain_unavailable
from pytest_schema_parity.migrations.failure import Failure

SERVERS = "The extension must first be installed on the system where PostgreSQL is running."
REMEDY = "Use a PostgreSQL that has postgis: --schema-parity-bindir=DIR."


def failure(message: str, hint: str | None, sqlstate: str = "0A000") -> Failure:
    return Failure("a.sql", 1, 1, "CREATE EXTENSION x", sqlstate, message, hint)


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


def test_an_extension_whose_stand_in_the_server_is_too_old_for() -> None:
    failed = failure('extension "pg_net" is not available', SERVERS)
    assert explain_unavailable(failed, ()).hint == (
        "Use a PostgreSQL that has pg_net: --schema-parity-bindir=DIR."
        " There is a stand-in for pg_net, which needs PostgreSQL 18 or later."
    )


@pytest.mark.parametrize(
    ("name", "version", "stand_ins", "explained"),
    [
        ("pg_net", "0.14.0", ("http", "pg_net"), "The stand-in has version 0.19.5: leave VERSION"),
        ("pgcrypto", "1.1", ("pgcrypto",), "The stand-in has version 1.4: leave VERSION"),
        ("citext", "1.0", ("http", "pg_net"), "Leave VERSION"),
        ("pg_net", "0.14.0", (), "Leave VERSION"),
    ],
)
def test_a_version_of_an_extension_that_is_not_available(
    name: str, version: str, stand_ins: tuple[str, ...], explained: str
) -> None:
    message = f'extension "{name}" has no installation script nor update path for version'
    failed = failure(f'{message} "{version}"', None, "22023")
    assert explain_unavailable(failed, stand_ins).hint == (
        f"{explained} out, or use a PostgreSQL that has {name} {version}:"
        " --schema-parity-bindir=DIR."
    )


@pytest.mark.parametrize(
    "message",
    [
        'extension "postgis" already exists',
        'no: extension "postgis" is not available today',
        'extension "pg_net" has no update path from version "0.19.5" to version "0.20"',
    ],
)
def test_another_failure_is_left_as_it_is(message: str) -> None:
    failed = failure(message, "Do something.")
    assert explain_unavailable(failed, ("http",)) is failed
