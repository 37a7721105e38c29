"""Foreign tables are of another server: nothing that leads to one is run."""

from __future__ import annotations

from contextlib import closing

import pytest
from support.searching import Searcher

from pytest_schema_parity.behavior.filling import fill
from pytest_schema_parity.postgres.cluster import Cluster
from pytest_schema_parity.postgres.conninfo import open_connection

FOREIGN = """
CREATE FOREIGN DATA WRAPPER wrapper;
CREATE SERVER elsewhere FOREIGN DATA WRAPPER wrapper;
CREATE FOREIGN TABLE audit (what text) SERVER elsewhere;
CREATE TABLE plain (id int PRIMARY KEY);
CREATE VIEW shown AS SELECT id FROM plain;
CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1';
"""
LEADS_TO_ONE = {
    "a view": ("CREATE VIEW feed AS SELECT what FROM audit", {"public.feed"}),
    "a view of a view": (
        "CREATE VIEW feed AS SELECT what FROM audit; CREATE VIEW top AS SELECT 1 AS a FROM feed",
        {"public.feed", "public.top"},
    ),
    "a function": (
        "CREATE FUNCTION lines() RETURNS bigint LANGUAGE plpgsql AS"
        " 'BEGIN RETURN (SELECT count(*) FROM AUDIT); END'",
        {"public.lines()"},
    ),
    "functions, views and a default": (
        "CREATE VIEW feed AS SELECT what FROM audit;"
        " CREATE FUNCTION inner_one() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM feed';"
        " CREATE FUNCTION outer_one() RETURNS bigint LANGUAGE sql AS 'SELECT inner_one()';"
        " CREATE VIEW top AS SELECT outer_one() AS n;"
        " CREATE TABLE t (id int PRIMARY KEY, n bigint DEFAULT outer_one())",
        {"public.feed", "public.inner_one()", "public.outer_one()", "public.top", "public.t"},
    ),
    "a trigger": (
        "CREATE FUNCTION log_it() RETURNS void LANGUAGE plpgsql AS"
        " $$BEGIN INSERT INTO audit VALUES ('a'); END$$;"
        " CREATE FUNCTION fired() RETURNS trigger LANGUAGE plpgsql AS"
        " $$BEGIN PERFORM log_it(); RETURN NEW; END$$;"
        " CREATE TABLE t (id int PRIMARY KEY);"
        " CREATE TRIGGER fired AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION fired();"
        " CREATE FUNCTION enter() RETURNS void LANGUAGE sql AS 'INSERT INTO t VALUES (1)';"
        " CREATE FUNCTION before() RETURNS trigger LANGUAGE plpgsql AS"
        " $$BEGIN PERFORM enter(); RETURN NEW; END$$;"
        " CREATE TABLE u (id int PRIMARY KEY);"
        " CREATE TRIGGER before AFTER INSERT ON u FOR EACH ROW EXECUTE FUNCTION before()",
        {"public.log_it()", "public.t", "public.enter()", "public.u"},
    ),
    "a rule": (
        "CREATE TABLE t (id int); CREATE RULE r AS ON INSERT TO t DO ALSO"
        " INSERT INTO audit VALUES ('a')",
        {"public.t"},
    ),
    "a trigger of a view": (
        "CREATE VIEW door AS SELECT id FROM plain; CREATE FUNCTION fired() RETURNS trigger"
        " LANGUAGE plpgsql AS $$BEGIN INSERT INTO audit VALUES ('a'); RETURN NEW; END$$;"
        " CREATE TRIGGER fired INSTEAD OF INSERT ON door FOR EACH ROW EXECUTE FUNCTION fired();"
        " CREATE TABLE t (id int);"
        " CREATE RULE r AS ON INSERT TO t DO ALSO INSERT INTO door VALUES (1)",
        {"public.door", "public.t"},
    ),
    "a partition": (
        "CREATE TABLE t (id int, at int) PARTITION BY RANGE (at);"
        " CREATE TABLE near PARTITION OF t FOR VALUES FROM (0) TO (1);"
        " CREATE FOREIGN TABLE far PARTITION OF t FOR VALUES FROM (1) TO (2) SERVER elsewhere;"
        " CREATE VIEW feed AS SELECT id FROM t",
        {"public.far", "public.t", "public.feed"},
    ),
    "a trigger of a partition": (
        "CREATE TABLE t (id int, at int) PARTITION BY RANGE (at);"
        " CREATE TABLE near PARTITION OF t FOR VALUES FROM (0) TO (1);"
        " CREATE FUNCTION fired() RETURNS trigger LANGUAGE plpgsql AS"
        " $$BEGIN INSERT INTO audit VALUES ('a'); RETURN NEW; END$$;"
        " CREATE TRIGGER fired AFTER INSERT ON near FOR EACH ROW EXECUTE FUNCTION fired()",
        {"public.t"},
    ),
}


@pytest.mark.parametrize("name", LEADS_TO_ONE)
def test_what_leads_to_a_foreign_table_is_left_out_and_named(cluster: Cluster, name: str) -> None:
    more, expected = LEADS_TO_ONE[name]
    tree = FOREIGN + more
    found = Searcher(cluster)(tree, tree)
    reasons = dict(found.left_out)
    assert reasons.keys() == expected | {"public.audit"}
    assert reasons["public.audit"] == "it is a foreign table, of the server elsewhere"
    assert all("foreign table" in reason or "effects" in reason for reason in reasons.values())
    assert found.counterexamples == ()


def test_no_generated_row_enters_a_table_whose_trigger_writes_elsewhere(cluster: Cluster) -> None:
    tree = FOREIGN + LEADS_TO_ONE["a trigger"][0]
    searcher = Searcher(cluster)
    with searcher.built(tree) as target, searcher.built(tree) as one, searcher.built(tree) as other:
        names = ["public.t", "public.plain"]
        filling = fill(target.conninfo, [(one.conninfo, other.conninfo)], names)
        assert filling.rows.keys() == {"public.plain"}
        assert "audit" in filling.refused["public.t"]
        with closing(open_connection(target.conninfo)) as connection:
            assert connection.execute("SELECT count(*) FROM t").fetchone() == (0,)
