"""Views that do not end: the finding is about the view, and comes soon."""

from __future__ import annotations

import pytest
from support.campaign import in_campaign
from support.searching import Searcher, causes

from pytest_schema_parity.postgres.cluster import Cluster

TABLES = """
CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE t (id int PRIMARY KEY, parent int NOT NULL REFERENCES parent, n int NOT NULL);
CREATE VIEW {name} AS WITH RECURSIVE r(n) AS ({start} UNION ALL SELECT n + 1 FROM r WHERE {bound})
    SELECT n FROM r;
CREATE VIEW {above} AS SELECT count(*) AS c FROM {name};
CREATE VIEW other AS SELECT n {sign} 1 AS n FROM t;
"""


@pytest.fixture(scope="module")
def searcher(cluster: Cluster) -> Searcher:
    return Searcher(cluster)


@pytest.mark.usefixtures("short_limits")
@pytest.mark.parametrize(
    ("names", "start"),
    [
        (("v", "a_view"), "SELECT id FROM t"),
        *in_campaign(
            [
                (("v", "a_view"), "SELECT 1"),
                (("v", "w"), "SELECT 1"),
                (("v", "w"), "SELECT id FROM t"),
            ]
        ),
    ],
)
def test_an_endless_view_is_reported_itself(
    searcher: Searcher, names: tuple[str, str], start: str
) -> None:
    name, above = names
    one, other = (
        TABLES.format(name=name, above=above, start=start, bound=bound, sign=sign)
        for bound, sign in (("n < 10", "+"), ("n < 10 OR n > 0", "-"))
    )
    found = searcher(one, other)
    assert set(causes(found)) == {
        ("rows", "public.v", "fails", "", "57014"),
        ("rows", "public.other", "as many", "n"),
    }
    (example,) = (each for each in found.counterexamples if each.cause[1] == "public.v")
    assert example.query == "TABLE public.v;"
    assert len(example.statements) <= (1 if start == "SELECT 1" else 2)
    assert all(each.accepted for pair in example.outcomes for each in pair)
    assert [name for name, _ in found.left_out] == [f"public.{above}"]


@pytest.mark.usefixtures("short_limits")
def test_a_view_that_ends_on_neither_side_is_named(searcher: Searcher) -> None:
    script = TABLES.format(name="v", above="w", start="SELECT 1", bound="n > 0", sign="+")
    found = searcher(script, script.replace("n + 1 FROM r", "n + 2 FROM r"))
    assert causes(found) == []
    assert [name for name, _ in found.left_out] == ["public.v", "public.w"]
    assert "takes longer than 1 second to read" in dict(found.left_out)["public.v"]
