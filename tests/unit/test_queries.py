"""The queries as texts: one a kind, for the server's version, with or without headers."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from pytest_schema_parity.catalog import queries as catalog_queries
from pytest_schema_parity.catalog.queries import CONDITION, OTHER, hash_of_queries, queries
from pytest_schema_parity.schema.kinds import KINDS

MAJORS = (15, 16, 17, 18, 19)


def test_there_is_one_query_a_kind_and_no_other_file() -> None:
    names = {
        entry.name.removesuffix(".sql").replace("_", " ")
        for entry in files("pytest_schema_parity.catalog").iterdir()
        if entry.name.endswith(".sql")
    }
    assert names == {*KINDS, OTHER}
    assert list(queries(18, headers=True)) == [*KINDS, OTHER]


@pytest.mark.parametrize("major", MAJORS)
@pytest.mark.parametrize("headers", [True, False])
def test_every_query_names_its_columns(major: int, headers: bool) -> None:
    for kind, query in queries(major, headers=headers).items():
        for column in ("name", "made", "changed"):
            assert f" AS {column}" in query, (kind, column)
        assert "header(" not in query
        assert ("cmin" in query) <= headers


def test_lines_are_for_versions() -> None:
    assert "conenforced" not in queries(17, headers=False)["constraint"]
    assert "conenforced" in queries(18, headers=False)["constraint"]
    assert "conenforced" in queries(19, headers=False)["constraint"]
    for query in queries(15, headers=False).values():
        assert not [
            line for line in query.splitlines() if "since" in line and CONDITION.search(line)
        ]


def test_the_fingerprint_follows_the_queries(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A cached schema of a platform is read anew when a query has changed."""
    before = hash_of_queries.__wrapped__()
    assert hash_of_queries.__wrapped__() == before == hash_of_queries()
    changed = tmp_path / "changed.sql"
    changed.write_text("SELECT 1")
    file_of = catalog_queries._query_file
    monkeypatch.setattr(
        catalog_queries, "_query_file", lambda kind: changed if kind == "view" else file_of(kind)
    )
    assert hash_of_queries.__wrapped__() != before
