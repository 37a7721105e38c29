"""The queries as texts: one a kind, for the server's version, with or without headers."""

from __future__ import annotations

from importlib.resources import files

import pytest

from pytest_schema_parity.catalog.queries import CONDITION, OTHER, fingerprint, queries
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


def test_a_row_that_lost_its_cmin_says_so() -> None:
    assert "xmax::text WHEN '0'" in queries(18, headers=True)["table"]


def test_the_fingerprint_is_16_hex_digits() -> None:
    assert len(fingerprint()) == 16
    int(fingerprint(), 16)
