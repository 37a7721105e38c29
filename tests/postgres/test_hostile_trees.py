"""Trees that change what every later session is like: ours are not touched by it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from support.campaign import one_in

from pytest_schema_parity.building import BuiltTree
from pytest_schema_parity.checks.open_parity import open_parity
from pytest_schema_parity.checks.parity import Parity
from pytest_schema_parity.config import load_config
from pytest_schema_parity.postgres.installation import Installation
from pytest_schema_parity.schema.facts import UNKNOWN

CONFIGURATION = """\
[tool.pytest-schema-parity]
reference = "a"

[tool.pytest-schema-parity.trees]
a = { files = ["a.sql", "hostile.sql"] }
b = { files = ["a.sql"] }
"""

HOSTILE = [
    "ALTER DATABASE postgres SET default_transaction_read_only = on",
    "ALTER DATABASE postgres SET statement_timeout = '1ms'",
    "ALTER DATABASE postgres SET lock_timeout = '1ms'",
    "ALTER DATABASE postgres SET search_path = nowhere",
    "ALTER DATABASE postgres SET row_security = off",
    "ALTER DATABASE postgres SET session_preload_libraries = 'no such library'",
    "ALTER DATABASE postgres SET exit_on_error = on",
    "CREATE ROLE poor; ALTER DATABASE postgres SET role = poor",
    "ALTER ROLE postgres SET default_transaction_read_only = on",
    "ALTER ROLE ALL SET default_transaction_read_only = on",
    "ALTER ROLE ALL SET statement_timeout = '1ms'",
    "ALTER ROLE ALL SET session_preload_libraries = 'no such library'",
    "ALTER ROLE ALL SET idle_session_timeout = '1ms'",
    "ALTER ROLE postgres NOLOGIN",
    "ALTER ROLE postgres PASSWORD 'x'; ALTER SYSTEM SET listen_addresses = '*'",
    "SET search_path = nowhere; SET row_security = off; SET ROLE pg_monitor",
    "SET client_encoding = 'LATIN1'",
    "ALTER ROLE postgres CONNECTION LIMIT 0",
    "ALTER DATABASE postgres CONNECTION LIMIT 0",
    "INSERT INTO schema_parity_marks.marks VALUES (99, 1), (-1, 1)",
]


@pytest.fixture
def parity(installation: Installation, tmp_path: Path) -> Iterator[Parity]:
    """Two trees that differ in the file ``hostile.sql``, which the test writes."""
    (tmp_path / "pyproject.toml").write_text(CONFIGURATION)
    (tmp_path / "a.sql").write_text("CREATE TABLE kept (id int PRIMARY KEY);\nCREATE ROLE app;\n")
    (tmp_path / "hostile.sql").write_text("")
    config = load_config(tmp_path / "pyproject.toml")
    assert config is not None
    parity = open_parity(config, bindir=installation.bindir)
    yield parity
    parity.trees.close()


def build(parity: Parity, hostile: str) -> BuiltTree:
    (parity.config.root / "hostile.sql").write_text(hostile)
    return parity.trees["a"]


@pytest.mark.parametrize("hostile", one_in(4, HOSTILE))
def test_it_is_built_read_and_copied_all_the_same(parity: Parity, hostile: str) -> None:
    built = build(parity, hostile)
    assert built.applied.failures == ()
    table = built.schema[("table", "public.kept")]
    assert table.origin.made is not None
    assert (table.origin.made.file, table.origin.made.line) == ("a.sql", 1)
    assert not [fact for fact in built.schema if "schema_parity" in str(fact.name)]
    with (
        built.clone() as clone,
        psycopg.connect(built.target.host.maintenance_conninfo(clone.name)) as reader,
    ):
        assert reader.execute("SELECT count(*) FROM public.kept").fetchone() == (0,)


@pytest.mark.parametrize(
    "hostile",
    [
        "DROP TABLE schema_parity_marks.marks",
        "ALTER TABLE schema_parity_marks.marks ALTER file TYPE text USING 'x'",
    ],
)
def test_it_is_built_without_origins_where_it_took_them(parity: Parity, hostile: str) -> None:
    built = build(parity, hostile)
    assert built.schema[("table", "public.kept")].origin == UNKNOWN
    assert not [fact for fact in built.schema if "schema_parity" in str(fact.name)]


def test_its_own_settings_are_told_of_and_ours_are_not(parity: Parity) -> None:
    built = build(parity, "ALTER ROLE app SET statement_timeout = '1ms'")
    assert "pg_schema_parity" not in built.schema.to_json()
    assert ("role", "app") in [fact.key for fact in built.schema]


@pytest.mark.parametrize(
    "hostile",
    one_in(
        3,
        [
            "DROP SCHEMA public CASCADE",
            "CREATE ROLE b SUPERUSER; SET SESSION AUTHORIZATION b; ALTER ROLE postgres NOSUPERUSER",
            "CREATE ROLE b SUPERUSER; SET SESSION AUTHORIZATION b; DROP ROLE postgres",
            "SELECT pg_terminate_backend(pg_backend_pid())",
            "DROP DATABASE postgres",
            "DROP SCHEMA schema_parity_marks CASCADE",
            "BEGIN; CREATE TABLE lost ()",
        ],
    ),
)
def test_whatever_it_takes_away_there_is_a_schema_to_compare(parity: Parity, hostile: str) -> None:
    built = build(parity, hostile)
    assert {failure.file for failure in built.applied.failures} <= {"hostile.sql"}
    assert ("schema", "public") in built.schema or "DROP SCHEMA public" in hostile
    assert not [fact for fact in built.schema if "schema_parity" in str(fact.name)]
    with built.clone() as clone, clone.connect() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
