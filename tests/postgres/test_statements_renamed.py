"""Columns with another name on the candidate: statements use each side's own name."""

from __future__ import annotations

import re

import pytest
from support.searching import Searcher, causes, scripts

from pytest_schema_parity.behavior.statements.counterexample import Search
from pytest_schema_parity.behavior.statements.renamed_columns import renamed_columns
from pytest_schema_parity.checks.behavior_findings import BehaviorFindings
from pytest_schema_parity.findings.evidence import Script
from pytest_schema_parity.postgres.cluster import Cluster
from pytest_schema_parity.schema.difference import Difference
from pytest_schema_parity.schema.facts import Schema

TREE = """
    CREATE TABLE maker (id int PRIMARY KEY, {code} text NOT NULL UNIQUE);
    CREATE TABLE t (
        id int PRIMARY KEY, {title} text NOT NULL CHECK (length({title}) < 5), n int NOT NULL,
        maker text REFERENCES maker ({code}), UNIQUE ({title}, n)
    );
    CREATE UNIQUE INDEX ON t (n) WHERE {title} = 'one';
    CREATE FUNCTION check_t() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
        IF new.n {bound} 40 AND new.{title} <> 'title' THEN RAISE 'too much'; END IF;
        RETURN new;
    END $$;
    CREATE TRIGGER check_t BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION check_t();
    CREATE VIEW v AS SELECT {title}, n FROM t;
"""
OLD, NEW = {"code": "code", "title": "title"}, {"code": '"Code"', "title": "name"}


def difference(old: str, new: str) -> Difference:
    return Difference(
        kind="column", name=old, change="renamed", expected=old, actual=new, impact="naming"
    )


RENAMED = (
    difference("public.maker.code", 'public.maker."Code"'),
    difference("public.t.title", "public.t.name"),
    difference("public.v.title", "public.v.name"),
)


@pytest.fixture(scope="module")
def compare(cluster: Cluster):  # type: ignore[no-untyped-def]
    def compare(bound: str, extra: str = "") -> Search:
        trees = TREE.format(bound=">", **OLD), TREE.format(bound=bound, **NEW) + extra
        return Searcher(cluster)(*trees, differences=RENAMED)

    return compare


def test_a_renamed_column_is_one_column(compare) -> None:  # type: ignore[no-untyped-def]
    found = compare(">")
    assert found.counterexamples == (), scripts(found)
    assert all(each.rows for each in found.entered), found.entered


def test_a_trigger_beside_a_renamed_column_is_found(compare) -> None:  # type: ignore[no-untyped-def]
    found = compare(">=")
    assert [each[:2] for each in causes(found)] == [("verdict", "candidate")], scripts(found)
    (example,) = found.counterexamples
    assert "40" in example.statements[-1]
    assert "title" in example.statements[-1]
    assert example.on_candidate == tuple(s.replace("title,", "name,") for s in example.statements)


def test_rows_of_a_renamed_column_are_compared(compare) -> None:  # type: ignore[no-untyped-def]
    extra = "CREATE OR REPLACE VIEW v AS SELECT upper(name) AS name, n FROM t;"
    assert [each[:3] for each in causes(compare(">", extra))] == [("rows", "public.v", "as many")]


def test_renames_are_taken_from_those_of_columns_alone() -> None:
    table = Difference(
        kind="table", name="public.a", change="renamed", expected="public.a", actual="public.b",
        impact="naming", follows=(difference('public."A.b".c', 'public."A.b".d'),),
    )  # fmt: skip
    moved = difference("public.a.x", "public.b.y")
    assert renamed_columns([table, moved]) == {'public."A.b"': {"c": "d"}}


def test_the_script_has_both_texts(compare) -> None:  # type: ignore[no-untyped-def]
    (finding,) = BehaviorFindings(
        ("one", "two"), (Schema(), Schema()), (), compare(">=")
    ).counterexamples()
    (script,) = [each for each in finding.evidence if isinstance(each, Script)]
    assert re.fullmatch(
        r"INSERT INTO public\.t \(id, title, n\) (VALUES .*;)"
        r"  -- in two: INSERT INTO public\.t \(id, name, n\) \1",
        script.statements[-1],
    )
