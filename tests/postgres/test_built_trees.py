"""Built trees: read by many tests, written to by none; copies of them are for writing."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from psycopg.errors import ReadOnlySqlTransaction

from pytest_schema_parity.building import BuiltTree
from pytest_schema_parity.checks.open_parity import open_parity
from pytest_schema_parity.config import load_config
from pytest_schema_parity.postgres.installation import Installation

CONFIGURATION = """\
[tool.pytest-schema-parity]
reference = "a"

[tool.pytest-schema-parity.trees]
a = { files = ["a.sql"] }
b = { files = ["a.sql", "b.sql"] }
"""


@pytest.fixture(scope="module")
def built(
    installation: Installation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BuiltTree]:
    """A built tree with one table, in which there is one row."""
    root = tmp_path_factory.mktemp("built")
    (root / "pyproject.toml").write_text(CONFIGURATION)
    (root / "a.sql").write_text("CREATE TABLE kept (id int); INSERT INTO kept VALUES (1)")
    (root / "b.sql").write_text("ALTER ROLE postgres SET default_transaction_read_only = on")
    config = load_config(root / "pyproject.toml")
    assert config is not None
    parity = open_parity(config, bindir=Path(installation.bindir))
    yield parity.trees["b"]
    parity.trees.close()


@pytest.mark.parametrize("statement", ["INSERT INTO kept VALUES (2)", "CREATE TABLE more ()"])
def test_it_is_not_written_to(built: BuiltTree, statement: str) -> None:
    for autocommit in (False, True):
        with built.connect(autocommit=autocommit) as client, pytest.raises(ReadOnlySqlTransaction):
            client.execute(statement.encode())
    with psycopg.connect(built.conninfo) as client, pytest.raises(ReadOnlySqlTransaction):
        client.execute(statement.encode())


def test_a_copy_is_written_to_whatever_the_role_is_set_to(built: BuiltTree) -> None:
    with built.clone() as clone, clone.connect() as client:
        client.execute("INSERT INTO kept VALUES (2)")
        client.commit()
        with psycopg.connect(clone.conninfo) as second:
            second.execute("INSERT INTO kept VALUES (3)")
            assert second.execute("SELECT count(*) FROM kept").fetchone() == (3,)
    with built.connect() as client:
        assert client.execute("SELECT count(*) FROM kept").fetchone() == (1,)


def test_copies_are_made_while_others_read(built: BuiltTree) -> None:
    with built.connect() as client:
        client.execute("SELECT * FROM kept")
        with ThreadPoolExecutor(4) as pool:
            copies = list(pool.map(lambda _: built.clone(), range(4)))
        for copy in copies:
            copy.close()
        assert client.execute("SELECT count(*) FROM kept").fetchone() == (1,)


def test_copies_are_of_what_was_built_not_of_what_was_made_of_it(built: BuiltTree) -> None:
    with psycopg.connect(built.conninfo) as client:
        client.read_only = False
        client.execute("INSERT INTO kept VALUES (7)")
    try:
        with built.clone() as clone, clone.connect() as client:
            assert client.execute("SELECT array_agg(id) FROM kept").fetchone() == ([1],)
    finally:
        with psycopg.connect(built.target.host.conninfo(), autocommit=True) as client:
            client.execute("SET default_transaction_read_only = off")
            client.execute("DELETE FROM kept WHERE id = 7")
