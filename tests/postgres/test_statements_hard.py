"""Hard cases of the statement search: triggers, timeouts, cycles, views, wide and many tables."""

from __future__ import annotations

import pytest
from support.campaign import in_campaign, one_in
from support.searching import Searcher, causes, scripts

from pytest_schema_parity.behavior.statements.counterexample import Budget
from pytest_schema_parity.postgres.cluster import Cluster


@pytest.fixture(scope="module")
def searcher(cluster: Cluster) -> Searcher:
    return Searcher(cluster)


TRIGGER = """
CREATE TABLE t (id int PRIMARY KEY, kind text NOT NULL, amount int NOT NULL);
CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.kind = 'big' AND NEW.amount {condition} THEN
        RAISE check_violation USING MESSAGE = 'too much';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION guard();
"""


def test_a_trigger_that_differs_in_one_constant(searcher: Searcher) -> None:
    one, other = (TRIGGER.format(condition=c) for c in ("> 7000", "> 7001"))
    found = searcher(one, other)
    (example,) = found.counterexamples
    assert example.statements[-1].endswith("VALUES (1, 'big', 7001);"), scripts(found)


@pytest.mark.campaign
def test_a_trigger_that_differs_in_equality(searcher: Searcher) -> None:
    one, other = (TRIGGER.format(condition=c) for c in ("> 7000", ">= 7000"))
    (example,) = searcher(one, other).counterexamples
    assert "7000" in example.statements[-1]


def test_a_check_and_a_trigger_of_the_same_effect(searcher: Searcher) -> None:
    trigger = TRIGGER.format(condition="> 7000")
    check = trigger.split("CREATE FUNCTION")[0] + (
        "ALTER TABLE t ADD CHECK (NOT (kind = 'big' AND amount > 7000));"
    )
    found = searcher(trigger, check)
    assert found.counterexamples == (), scripts(found)


SUMS = """
CREATE TABLE t (id int PRIMARY KEY, owner int NOT NULL, amount int NOT NULL CHECK (amount > 0));
CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT coalesce(sum(amount), 0) FROM t WHERE owner = NEW.owner) + NEW.amount > {most} THEN
        RAISE EXCEPTION 'too much for one owner';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION guard();
"""


def test_a_sum_over_other_rows(searcher: Searcher) -> None:
    found = searcher(SUMS.format(most=100), SUMS.format(most=101))
    assert [each[0] for each in causes(found)] == ["verdict"]


FUNCTION = """
CREATE FUNCTION score(a int) RETURNS int LANGUAGE sql {options} AS $$SELECT {body}$$;
CREATE TABLE t (id int PRIMARY KEY, a int);
CREATE VIEW v AS SELECT id, score(a) AS score FROM t;
"""


def test_a_function_that_differs_on_null_only(searcher: Searcher) -> None:
    one, other = (FUNCTION.format(options="", body=b) for b in ("a", "coalesce(a, 0)"))
    found = searcher(one, other)
    by_call = ("result", "public.score(integer)")
    assert causes(found) == [("rows", "public.v", "as many", "score"), by_call]
    assert found.counterexamples[1].statements == ("SELECT public.score(NULL);",)
    assert len(found.counterexamples[0].statements) == 1


VIEWS = [
    ("SELECT DISTINCT a FROM t", "SELECT a FROM t", "more"),
    ("SELECT a FROM t WHERE a < 10", "SELECT a FROM t WHERE a <= 10", "more"),
    ("SELECT t.a FROM t JOIN u USING (id)", "SELECT t.a FROM t LEFT JOIN u USING (id)", "more"),
    ("SELECT a FROM t WHERE b IS NULL", "SELECT a FROM t WHERE b = NULL", "fewer"),
    ("SELECT coalesce(b, 'x') AS b FROM t", "SELECT b FROM t", "as many"),
    ("SELECT count(b) AS n FROM t", "SELECT count(*) AS n FROM t", "as many"),
    ("TABLE t UNION TABLE t", "TABLE t UNION ALL TABLE t", "more"),
    ("SELECT min(a) AS a FROM t", "SELECT max(a) AS a FROM t", "as many"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other", "what"), one_in(3, VIEWS))
def test_views_that_differ(searcher: Searcher, one: str, other: str, what: str) -> None:
    tables = """
        CREATE TABLE t (id int PRIMARY KEY, a int, b text);
        CREATE TABLE u (id int PRIMARY KEY REFERENCES t);
    """
    trees = (
        f"{tables} CREATE MATERIALIZED VIEW v AS {each} WITH NO DATA;" for each in (one, other)
    )
    found = searcher(*trees)
    assert causes(found)
    assert causes(found)[0][:3] == ("rows", "public.v", what), causes(found)
    assert max(len(each.statements) for each in found.counterexamples) <= 4, scripts(found)


def test_a_view_over_a_materialized_view(searcher: Searcher) -> None:
    tree = """
        CREATE TABLE t (id int PRIMARY KEY, a int);
        CREATE MATERIALIZED VIEW m AS SELECT id, a FROM t WITH NO DATA;
        CREATE VIEW v AS SELECT id FROM m WHERE a > {};
    """
    found = searcher(tree.format(5), tree.format(6))
    assert {each[1] for each in causes(found)} == {"public.v"}


CYCLE = """
CREATE TABLE a (id int PRIMARY KEY, b int NOT NULL);
CREATE TABLE b (id int PRIMARY KEY, a int NOT NULL REFERENCES a, n int CHECK (n {} 3));
ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b;
"""


def test_one_statement_enters_tables_that_refer_to_each_other(searcher: Searcher) -> None:
    found = searcher(CYCLE.format(">"), CYCLE.format(">="))
    assert [each.table for each in found.entered if not each.rows] == []
    (example,) = found.counterexamples
    (statement,) = example.statements
    assert statement.startswith("WITH inserted1 AS (INSERT INTO public.")
    assert example.outcomes[0][0].constraint == "b_n_check"
    assert searcher(CYCLE.format(">"), CYCLE.format(">")).counterexamples == ()


RING = """
CREATE TABLE a (id int PRIMARY KEY, b int NOT NULL);
CREATE TABLE b (id int PRIMARY KEY, c int NOT NULL, side int NOT NULL);
CREATE TABLE c (id int PRIMARY KEY, a int NOT NULL REFERENCES a, n int CHECK (n {} 3));
CREATE TABLE side (id int PRIMARY KEY);
ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b;
ALTER TABLE b ADD FOREIGN KEY (c) REFERENCES c, ADD FOREIGN KEY (side) REFERENCES side;
"""


def test_three_tables_in_a_ring(searcher: Searcher) -> None:
    found = searcher(RING.format(">"), RING.format("<>"))
    assert [each.table for each in found.entered if not each.rows] == []
    assert {each[-1] for each in causes(found)} == {"c_n_check"}


def test_foreign_keys_that_form_a_cycle_with_null(searcher: Searcher) -> None:
    nullable = CYCLE.replace("b int NOT NULL", "b int")
    found = searcher(nullable.format(">"), nullable.format(">="))
    assert [each.table for each in found.entered if not each.rows] == []
    assert causes(found) == [("verdict", "reference", "b", "write", "23514", "b_n_check")]


DEFERRED = """
CREATE TABLE a (id int PRIMARY KEY);
CREATE TABLE b (id int PRIMARY KEY, a int NOT NULL REFERENCES a {});
"""


def test_a_deferred_constraint_that_one_side_checks_at_once(searcher: Searcher) -> None:
    deferred = DEFERRED.format("DEFERRABLE INITIALLY DEFERRED")
    found = searcher(DEFERRED.format(""), deferred)
    assert [each[:4] for each in causes(found)] == [
        ("verdict", "reference", "b", "write"),
        ("verdict", "reference", "b", "delete"),
    ]
    assert searcher(deferred, deferred).counterexamples == ()


EXCLUSION = """
CREATE TABLE booking (id int PRIMARY KEY, during int4range NOT NULL {});
"""


def test_an_exclusion_constraint(searcher: Searcher) -> None:
    excluded = EXCLUSION.format(", EXCLUDE USING gist (during WITH &&)")
    found = searcher(excluded, EXCLUSION.format(""))
    assert [each[4] for each in causes(found)] == ["23P01"]
    assert len(found.counterexamples[0].statements) == 2


def test_a_generated_column(searcher: Searcher) -> None:
    tree = "CREATE TABLE t (id int PRIMARY KEY, a int, b int GENERATED ALWAYS AS (a {} 2) STORED);"
    assert causes(searcher(tree.format("*"), tree.format("+"))) == [
        ("rows", "public.t", "as many", "b")
    ]


def test_an_expression_index(searcher: Searcher) -> None:
    tree = "CREATE TABLE t (id int PRIMARY KEY, mail text); CREATE UNIQUE INDEX ON t ({});"
    found = searcher(tree.format("lower(mail)"), tree.format("mail"))
    assert [each[4] for each in causes(found)] == ["23505"]


@pytest.mark.usefixtures("short_limits")
def test_what_sleeps_or_loops_is_cut_off(searcher: Searcher) -> None:
    tree = """
        CREATE TABLE t (id int PRIMARY KEY, a int CHECK (a > {}));
        CREATE TABLE slow (id int PRIMARY KEY);
        CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN PERFORM pg_sleep(3600); RETURN NEW; END $$;
        CREATE TRIGGER wait BEFORE INSERT ON slow FOR EACH ROW EXECUTE FUNCTION wait();
    """
    found = searcher(tree.format(3), tree.format(4))
    assert [each[2] for each in causes(found)] == ["t"]
    (slow,) = [each for each in found.entered if each.table == "public.slow"]
    assert slow.rows == 0
    assert "timeout" in slow.errors[0]


@pytest.mark.campaign
def test_a_table_of_a_thousand_columns(searcher: Searcher) -> None:
    columns = ", ".join(f"c{number} int NOT NULL" for number in range(1_000))
    tree = f"CREATE TABLE wide ({columns}, CHECK (c7 {{}} 0));"
    found = searcher(
        tree.format(">"), tree.format(">="), budget=Budget(seconds=20, counterexamples=1)
    )
    assert len(found.counterexamples) == 1


def test_a_tree_without_tables(searcher: Searcher) -> None:
    found = searcher("CREATE VIEW v AS SELECT 1 AS one", "SELECT 1")
    assert found.counterexamples == ()
    assert found.not_compared == (("public.v", 0),)


def test_partitions_and_other_schemas(searcher: Searcher) -> None:
    tree = """
        CREATE SCHEMA "Odd Name";
        CREATE TABLE "Odd Name"."A b" (id int, day date NOT NULL, n int CHECK (n {} 5),
            PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
        CREATE TABLE "Odd Name".y24 PARTITION OF "Odd Name"."A b"
            FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
        CREATE TABLE "Odd Name".y25 PARTITION OF "Odd Name"."A b"
            FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
    """
    found = searcher(tree.format(">"), tree.format(">="))
    assert [each.rows > 0 for each in found.entered] == [True]
    assert [each[0] for each in causes(found)] == ["verdict"]


TYPES = (
    """
smallint|integer|bigint|numeric|numeric(6,2)|real|double precision|text|varchar(5)|char(3)|boolean
date|time|timestamp|timestamptz|timestamp(3)|interval|uuid|json|jsonb|bytea|integer[]|text[]|mood
percent|pair|int4range|tstzrange|int4multirange|inet|cidr|macaddr|bit(3)|bit varying(4)|point|xml
money|tsvector|"char"|name|oid
""".replace("\n", "|")
    .strip("|")
    .split("|")
)


def test_every_type_takes_rows(searcher: Searcher) -> None:
    types = """
        CREATE TYPE mood AS ENUM ('good', 'it''s bad');
        CREATE DOMAIN percent AS int CHECK (VALUE BETWEEN 0 AND 100);
        CREATE TYPE pair AS (a int, b text);
    """
    tables = "".join(
        f"CREATE TABLE t{number} (id int PRIMARY KEY, value {kind} NOT NULL);"
        for number, kind in enumerate(TYPES)
        if kind != "xml"
    )
    found = searcher(types + tables, types + tables)
    assert found.counterexamples == (), scripts(found)
    empty = {each.table: each.errors for each in found.entered if not each.rows}
    assert empty == {}


@pytest.mark.campaign
def test_the_budget_is_shared_out_among_many_tables(searcher: Searcher) -> None:
    tables = "".join(
        f"CREATE TABLE t{n} (id int PRIMARY KEY, a text UNIQUE, b int, c date);" for n in range(120)
    )
    tree = tables + "CREATE TABLE zzz (id int PRIMARY KEY, n int CHECK (n {} 5));"
    found = searcher(tree.format(">"), tree.format(">="), budget=Budget(examples=1_500))
    assert [each[2] for each in causes(found)] == ["zzz"]
    assert [each.table for each in found.entered if not each.rows] == []
    assert found.exhausted == "examples"
    assert found.unreached == ()
    assert len(found.shortened) > 100
    assert "public.zzz" not in found.shortened


TRUNCATE = """
    CREATE TABLE t (id int PRIMARY KEY);
    CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN {}; RETURN NULL; END $$;
    CREATE TRIGGER keep BEFORE TRUNCATE ON t EXECUTE FUNCTION keep();
"""


def test_a_trigger_on_truncate(searcher: Searcher) -> None:
    found = searcher(TRUNCATE.format("RAISE EXCEPTION 'no'"), TRUNCATE.format("NULL"))
    (example,) = found.counterexamples
    assert example.statements == ("TRUNCATE public.t CASCADE;",)
    assert example.outcomes[0][0].message == "no"


OUTSIDE = """
    CREATE TABLE t (id int PRIMARY KEY);
    CREATE TABLE child (id int PRIMARY KEY REFERENCES t ON DELETE CASCADE);
    CREATE TABLE log (id int);
    CREATE TABLE plain (id int PRIMARY KEY, n int CHECK (n {bound} 5));
    CREATE VIEW v AS SELECT id FROM t;
    CREATE FUNCTION reach() RETURNS int LANGUAGE plpgsql AS $$BEGIN
        PERFORM pg_read_file('/etc/hostname'); RETURN 1; END $$;
    CREATE FUNCTION through() RETURNS int LANGUAGE sql AS 'SELECT reach()';
    CREATE FUNCTION run() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
        PERFORM through(); RETURN NEW; END $$;
    CREATE TRIGGER run BEFORE {events} ON {table} FOR EACH ROW EXECUTE FUNCTION run();
    CREATE FUNCTION write() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
        INSERT INTO {table} VALUES (1); RETURN NEW; END $$;
    CREATE TRIGGER write AFTER INSERT ON log FOR EACH ROW EXECUTE FUNCTION write();
"""


def test_what_reaches_outside_is_left_out_with_all_that_leads_to_it(searcher: Searcher) -> None:
    tree = OUTSIDE.format(bound=">", table="child", events="INSERT OR DELETE")
    found = searcher(tree, tree.replace("n > 5", "n >= 5"))
    reasons = dict(found.left_out)
    functions = {"public.reach()", "public.through()"}
    assert reasons.keys() == {"public.t", "public.child", "public.log"} | functions
    assert "pg_read_file" in reasons["public.child"]
    assert [each[2] for each in causes(found)] == ["plain"]


def test_a_view_that_reaches_outside_is_left_out(searcher: Searcher) -> None:
    tree = OUTSIDE.format(bound=">", table="child", events="UPDATE")
    tree += "CREATE VIEW w AS SELECT through() AS n; CREATE VIEW x AS SELECT n FROM w;"
    reasons = dict(searcher(tree, tree).left_out)
    assert {"public.w", "public.x"} <= reasons.keys()
    assert "public.v" not in reasons


def test_a_table_that_forbids_truncate_is_emptied_first(searcher: Searcher) -> None:
    tree = TRUNCATE.format("RAISE EXCEPTION 'no'") + "INSERT INTO t VALUES (1), (2);"
    found = searcher(tree, tree)
    assert found.counterexamples == ()
    assert found.left_out == ()
    assert [each.rows > 0 for each in found.entered] == [True]


SPELLED = {
    "upper": "code text NOT NULL UNIQUE CHECK (code = upper(code))",
    "lower": '"Code" text NOT NULL CHECK ("Code" = lower("Code"))',
    "initcap": "code text NOT NULL CHECK (code = initcap(code))",
    "upper of varchar": "code varchar(6) NOT NULL CHECK (code = upper(code) AND length(code) > 2)",
    "position": "mail text NOT NULL UNIQUE CHECK (position('@' in mail) > 1)",
    "strpos": "mail text NOT NULL CHECK (strpos(mail, '@') > 1 AND mail = lower(mail))",
    "LIKE": "mail varchar(12) NOT NULL CHECK (mail LIKE '%_@_%._%')",
    "upper address": "mail text NOT NULL CHECK (position('@' in mail) > 1 AND mail = upper(mail))",
}


@pytest.mark.parametrize("column", [*SPELLED][4:6] + in_campaign([*SPELLED][:4] + [*SPELLED][6:]))
def test_texts_as_conditions_spell_them(searcher: Searcher, column: str) -> None:
    tree = "CREATE TABLE t ({}, n int CHECK (n {} 5));".format(SPELLED[column], "{}")
    found = searcher(tree.format(">"), tree.format(">="))
    (entered,) = found.entered
    assert entered.rows == entered.tried > 0, entered
    assert [each[:3] for each in causes(found)] == [("verdict", "reference", "t")]


def test_no_more_examples_are_tried_than_asked_for(searcher: Searcher) -> None:
    tree = "".join(f"CREATE TABLE t{n} (id int PRIMARY KEY, a text, b int);" for n in range(40))
    found = searcher(tree, tree, budget=Budget(examples=300))
    assert (found.examples, found.exhausted) == (300, "examples")


UNSTOPPABLE = """
    CREATE TABLE t (id int PRIMARY KEY, a int CHECK (a > {}));
    CREATE TABLE u (id int PRIMARY KEY);
    CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN LOOP BEGIN PERFORM pg_sleep(3600); EXCEPTION WHEN query_canceled THEN NULL; END;
        END LOOP; END $$;
    CREATE TRIGGER wait BEFORE INSERT ON u FOR EACH ROW EXECUTE FUNCTION wait();
"""


@pytest.mark.usefixtures("short_limits")
def test_what_catches_its_cancellation_for_ever_ends_the_search(searcher: Searcher) -> None:
    found = searcher(UNSTOPPABLE.format(3), UNSTOPPABLE.format(4))
    assert found.exhausted == "stuck"
    assert "public.u" in found.stuck
