"""What a session is set to must not change what is read."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from pytest_schema_parity.catalog import read_schema
from pytest_schema_parity.postgres.cluster import Cluster
from pytest_schema_parity.postgres.databases import drop_database
from pytest_schema_parity.schema.compare import compare

WRITTEN_BY_SETTINGS = """
    CREATE TABLE t (
        id integer PRIMARY KEY,
        at timestamptz DEFAULT '2020-01-01 00:00:00+00',
        cost money DEFAULT '1000'::money,
        share float8 DEFAULT 0.1::float8,
        raw bytea DEFAULT '\\x00ff41',
        wait interval DEFAULT '1 day 2 hours',
        day date DEFAULT '2020-02-01'
    );
    CREATE VIEW recent AS SELECT id FROM t WHERE at > '2020-06-01 00:00:00+00'::timestamptz;
"""


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("TimeZone", "Asia/Tokyo"),
        ("DateStyle", "SQL, DMY"),
        ("IntervalStyle", "iso_8601"),
        ("bytea_output", "escape"),
        ("extra_float_digits", "-10"),
        ("quote_all_identifiers", "on"),
        ("search_path", "public"),
    ],
)
def test_a_session_set_otherwise_reads_the_same(database: str, setting: str, value: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(WRITTEN_BY_SETTINGS)
        before = read_schema(connection)
        connection.execute("SELECT set_config(%s, %s, false)", (setting, value))
        assert read_schema(connection) == before
        shown = connection.execute("SELECT current_setting(%s)", (setting,)).fetchone()
        assert shown == (value,)


def test_where_is_told_as_it_was_meant(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute(
            "CREATE TABLE t (a text);"
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
            'CREATE TRIGGER "x WHEN (y) EXECUTE FUNCTION " BEFORE INSERT ON t FOR EACH ROW'
            " WHEN (NEW.a <> ') EXECUTE FUNCTION ') EXECUTE FUNCTION f('WHEN (', 'é', '')"
        )
        schema = read_schema(connection)
    trigger = schema["trigger", 'public.t."x WHEN (y) EXECUTE FUNCTION "']
    assert trigger.attributes["when"] == "(new.a <> ') EXECUTE FUNCTION '::text)"
    assert trigger.attributes["arguments"] == ["WHEN (", "é", ""]


LOCALES = {
    "plain": "LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C'",
    "ctype": "LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C.utf8'",
    "collation": "LOCALE_PROVIDER libc LC_COLLATE 'C.UTF-8' LC_CTYPE 'C'",
    "unicode": "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LC_COLLATE 'C' LC_CTYPE 'C'",
}
"""Databases by name, and the locale that each is made with; the last one since PostgreSQL 17."""


@pytest.fixture(scope="module")
def abroad(cluster: Cluster) -> Iterator[dict[str, str]]:
    """The conninfos of databases with those locales."""
    locales = dict(LOCALES)
    if cluster.installation.major < 17:
        del locales["unicode"]
    with psycopg.connect(cluster.conninfo(), autocommit=True) as connection:
        for name, locale in locales.items():
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0 {locale}')
    yield {name: cluster.conninfo(name) for name in locales}
    for name in locales:
        drop_database(cluster, name)


def test_databases_differ_in_their_locale(abroad: dict[str, str]) -> None:
    schemas = {name: read_schema(conninfo) for name, conninfo in abroad.items()}
    found = {
        name: {(one.kind, one.attribute, one.impact) for one in compare(schemas["plain"], schema)}
        for name, schema in schemas.items()
    }
    said = {
        "plain": [],
        "ctype": ["ctype"],
        "collation": ["collation"],
        "unicode": ["locale", "locale_provider"],
    }
    assert found == {name: {("database", one, "behavior") for one in said[name]} for name in found}


def test_settings_of_all_roles_are_of_the_database_too(cluster: Cluster, database: str) -> None:
    before = read_schema(database)
    with psycopg.connect(cluster.conninfo(), autocommit=True) as connection:
        connection.execute("ALTER ROLE ALL SET statement_timeout = '7min'")
        try:
            after = read_schema(database)
        finally:
            connection.execute("ALTER ROLE ALL RESET ALL")
    assert [
        (one.kind, one.attribute, one.expected, one.actual) for one in compare(before, after)
    ] == [("database", "settings_of_all_roles", None, ["statement_timeout=7min"])]
