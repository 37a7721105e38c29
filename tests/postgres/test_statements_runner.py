"""The runner of examples: what they leave in files of tables, and how it is removed."""

from __future__ import annotations

import time

import pytest
from support.searching import Searcher

from pytest_schema_parity.behavior.statements.counterexample import Budget
from pytest_schema_parity.behavior.statements.example import Example
from pytest_schema_parity.behavior.statements.generated_statement import insert
from pytest_schema_parity.behavior.statements.open_runner import open_runner
from pytest_schema_parity.behavior.statements.side_runner import STATEMENTS_PER_TRUNCATE
from pytest_schema_parity.postgres.cluster import Cluster

TREE = """
    CREATE TABLE log (what text);
    CREATE TABLE t (id int PRIMARY KEY, note text);
    CREATE TABLE u (id int PRIMARY KEY, t int REFERENCES t ON DELETE CASCADE);
    INSERT INTO t VALUES (1, 'a row of a migration');
    CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
        INSERT INTO log VALUES (tg_op); RETURN NULL; END $$;
    CREATE TRIGGER note AFTER TRUNCATE ON t FOR EACH STATEMENT EXECUTE FUNCTION note();
"""
READS = ("public.log", "public.t", "public.u")


SIZE = """
    SELECT sum(pg_relation_size(file))
    FROM (VALUES ('t'::regclass), ('t_pkey'), ('u'), ('u_pkey')) AS files(file)
"""
PAGE = 8192


def test_what_rolled_back_examples_leave_is_removed(cluster: Cluster) -> None:
    """Each read walks over it: a search would grow slower with the square of its examples."""
    searcher = Searcher(cluster)
    rows = [insert("public.t", {"id": str(n)}) for n in range(50)]
    example = Example("public.t", "rows", (*rows, insert("public.u", {"id": "1"})), READS)
    with searcher.built(TREE) as one, searcher.built(TREE) as other:
        with open_runner((one.tree, one.conninfo), (other.tree, other.conninfo)) as runner:
            (before,) = runner.results([example])
            for _ in range(3):
                list(runner.batches([example] * (STATEMENTS_PER_TRUNCATE // len(rows))))
            sizes = runner.query_both((SIZE, SIZE))
            (after,) = runner.results([example])
        assert all(int(str(found[0][0])) <= 4 * PAGE for found in sizes if found), sizes
        assert None not in sizes
        assert before == after
        assert before[0].contents[0].startswith("0:"), "the trigger on TRUNCATE has fired"


def test_triggers_that_sleep_while_tables_are_emptied(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of a role that cannot disable triggers do fire."""
    monkeypatch.setattr("pytest_schema_parity.behavior.statements.emptying.PATIENCE", 0.2)
    searcher = Searcher(cluster)
    tree = """
        CREATE TABLE t (id int PRIMARY KEY);
        CREATE TABLE u (id int PRIMARY KEY);
        INSERT INTO t VALUES (1);
        CREATE FUNCTION sleep() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN PERFORM pg_sleep(3600); RETURN OLD; END';
        CREATE TRIGGER sleep BEFORE TRUNCATE ON t EXECUTE FUNCTION sleep();
        CREATE TRIGGER sleep_too BEFORE DELETE ON t FOR EACH ROW EXECUTE FUNCTION sleep();
        ALTER TABLE t ENABLE ALWAYS TRIGGER sleep;
        ALTER TABLE t ENABLE ALWAYS TRIGGER sleep_too;
    """
    begun = time.monotonic()
    found = searcher(tree, tree, budget=Budget(examples=100))
    assert time.monotonic() - begun < 20
    assert [name for name, _ in found.left_out] == ["public.t"]
    assert "could not be removed: canceling statement" in found.left_out[0][1]


QUOTING = r"""
    CREATE TABLE "t$schema_parity$x" (id int PRIMARY KEY, "c$$x" int);
    CREATE TABLE "t$$x" (id int PRIMARY KEY, "c$schema_parity$x" int);
    CREATE VIEW "v$schema_parity$\$$x" AS SELECT id FROM "t$$x";
    CREATE TABLE "b\a'c%s" (id int PRIMARY KEY);
    CREATE SEQUENCE "s$reset$x";
    CREATE SEQUENCE "s\'$$x";
    INSERT INTO "t$$x" VALUES (1);
    CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''no''; END';
    CREATE TRIGGER no BEFORE TRUNCATE ON "t$$x" EXECUTE FUNCTION no();
    ALTER TABLE "t$$x" ENABLE ALWAYS TRIGGER no;
"""


def test_names_with_dollar_quotes_and_backslashes(cluster: Cluster) -> None:
    """The bodies of functions hold names; a name must not end one."""
    found = Searcher(cluster)(QUOTING, QUOTING, budget=Budget(seconds=60, examples=300))
    assert found.counterexamples == ()
    assert found.left_out == ()
    names = {'"t$schema_parity$x"', '"t$$x"', '"b\\a\'c%s"'}
    assert {each.table for each in found.entered if each.rows} == {f"public.{n}" for n in names}
