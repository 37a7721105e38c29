"""Counterexamples of an earlier search: tried first, unless this search could not make them."""

from __future__ import annotations

import pytest
from support.searching import Searcher, scripts

from pytest_schema_parity.behavior.statements.counterexample import Budget, Known, Search
from pytest_schema_parity.postgres.cluster import Cluster

TEAM = """
CREATE TABLE team (id int PRIMARY KEY);
CREATE TABLE member (id int PRIMARY KEY, team int NOT NULL REFERENCES team, age int, nick text);
CREATE FUNCTION twice(a int) RETURNS int LANGUAGE sql AS $$ SELECT a * 2 $$;
"""
FEW = Budget(examples=12, seconds=300)
"""Enough for the known examples, and too few to find the same ones again."""


@pytest.fixture(scope="module")
def searcher(cluster: Cluster) -> Searcher:
    return Searcher(cluster)


def known(searcher: Searcher, reference: str, candidate: str) -> list[Known]:
    """What a search of two scripts finds."""
    found = searcher(reference, candidate).counterexamples
    assert found
    return [Known(each.subject, each.parts, each.examples) for each in found]


def subjects(found: Search) -> set[str]:
    return {each.subject for each in found.counterexamples}


def test_a_known_example_comes_first(searcher: Searcher) -> None:
    other = TEAM.replace("age int", "age int CHECK (age <> 1234567)")
    before = known(searcher, TEAM, other)
    found = searcher(TEAM, other, known=before, budget=FEW)
    assert [each.parts for each in found.counterexamples] == [each.parts for each in before]
    assert [each.examples for each in found.counterexamples] == [each.examples for each in before]


def test_one_that_writes_to_a_table_that_is_not_tested_now_is_not_tried(
    searcher: Searcher,
) -> None:
    """What the trigger does reaches outside of the database, and would stay."""
    reaching = """
        CREATE FUNCTION send() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
            COPY (SELECT 1) TO PROGRAM 'cat > /dev/null'; RETURN NEW; END $$;
        CREATE TRIGGER send AFTER INSERT ON team EXECUTE FUNCTION send();
    """
    other = TEAM.replace("age int", "age int CHECK (age > 0)")
    before = known(searcher, TEAM, other)
    assert any(part.table == "public.team" for each in before for part in each.parts)
    found = searcher(TEAM + reaching, other + reaching, known=before)
    assert "public.team" in dict(found.left_out)
    assert found.counterexamples == (), scripts(found)


def test_one_with_a_column_that_one_side_lacks_now_is_not_tried(searcher: Searcher) -> None:
    """That the column is missing is a difference of its own."""
    before = known(searcher, TEAM, TEAM.replace("nick text", "nick text CHECK (nick <> '')"))
    assert any("nick" in dict(part.values) for each in before for part in each.parts)
    found = searcher(TEAM, TEAM.replace(", nick text", ""), known=before)
    assert found.counterexamples == (), scripts(found)


@pytest.mark.parametrize("left_out", ["public.member", "public.twice(integer)"])
def test_one_about_what_is_left_out_now_is_not_tried(searcher: Searcher, left_out: str) -> None:
    other = TEAM.replace("age int", "age int CHECK (age > 0)").replace("a * 2", "a * 3")
    before = known(searcher, TEAM, other)
    assert {each.subject for each in before} == {"public.member", "public.twice(integer)"}
    found = searcher(TEAM, other, known=before, leave_out=[left_out])
    assert subjects(found) == {each.subject for each in before} - {left_out}, scripts(found)
