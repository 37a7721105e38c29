"""Facts carry the file and line that made them, and the last that changed them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_schema_parity.catalog import read_schema
from pytest_schema_parity.migrations.apply import apply_tree
from pytest_schema_parity.migrations.tree import load_tree
from pytest_schema_parity.schema.facts import Schema
from pytest_schema_parity.schema.kinds import KINDS

FIRST = """\
CREATE SCHEMA z;
CREATE TYPE e AS ENUM ('x');
CREATE DOMAIN d AS integer CHECK (VALUE > 0);
CREATE TYPE c AS (a integer);
CREATE TYPE r AS RANGE (SUBTYPE = float8);
CREATE TABLE t (id integer PRIMARY KEY, a text NOT NULL CHECK (a <> ''));
CREATE FOREIGN DATA WRAPPER far;
CREATE SERVER away FOREIGN DATA WRAPPER far;
CREATE FOREIGN TABLE ft (a integer) SERVER away;
CREATE VIEW v AS SELECT id FROM t;
CREATE MATERIALIZED VIEW m AS SELECT id FROM t;
CREATE SEQUENCE s;
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1';
CREATE AGGREGATE g(integer) (SFUNC = int4pl, STYPE = integer);
CREATE TRIGGER tr BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();
CREATE FUNCTION h() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER et ON sql_drop EXECUTE FUNCTION h();
CREATE RULE ru AS ON DELETE TO v DO INSTEAD NOTHING;
CREATE POLICY po ON t USING (true);
GRANT SELECT ON m TO PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
CREATE PUBLICATION pu FOR TABLE t;
CREATE STATISTICS st ON id, a FROM t;
"""
MADE = {
    ("schema", "z"): 1,
    ("enum", "public.e"): 2,
    ("domain", "public.d"): 3,
    ("constraint", "public.d.d_check"): 3,
    ("composite type", "public.c"): 4,
    ("range type", "public.r"): 5,
    ("table", "public.t"): 6,
    ("column", "public.t.id"): 6,
    ("constraint", "public.t.t_pkey"): 6,
    ("constraint", "public.t.t_a_check"): 6,
    ("index", "public.t_pkey"): 6,
    ("foreign-data wrapper", "far"): 7,
    ("server", "away"): 8,
    ("foreign table", "public.ft"): 9,
    ("view", "public.v"): 10,
    ("materialized view", "public.m"): 11,
    ("sequence", "public.s"): 12,
    ("procedure", "public.p()"): 14,
    ("aggregate", "public.g(integer)"): 15,
    ("rule", "public.v.ru"): 19,
    ("policy", "public.t.po"): 20,
    ("privilege", "ON TABLE public.m TO PUBLIC"): 21,
    ("default privilege", "FOR postgres ON FUNCTIONS TO PUBLIC"): 22,
    ("publication", "pu"): 23,
    ("extended statistics", "public.st"): 24,
    ("event trigger", "et"): 18,
}
"""The line of FIRST that made a fact."""

SECOND = """\
CREATE INDEX CONCURRENTLY i ON t (a);
ALTER TYPE e ADD VALUE 'y';
COMMENT ON POLICY po ON t IS 'po';
ALTER TABLE t ENABLE ROW LEVEL SECURITY;

ALTER TABLE t ALTER a SET DEFAULT 'a';
COMMENT ON ROLE postgres IS 'the one';
ALTER SEQUENCE s INCREMENT 2;
CREATE OR REPLACE VIEW v AS SELECT id, a FROM t;
ALTER PUBLICATION pu SET (publish = 'insert');
COMMENT ON COLUMN t.id IS 'the id';
GRANT UPDATE (a) ON t TO PUBLIC;
CREATE OR REPLACE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END';
CREATE OR REPLACE TRIGGER tr AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();
"""
CHANGED = {
    ("index", "public.i"): 1,
    ("enum", "public.e"): 2,
    ("sequence", "public.s"): 8,
    ("view", "public.v"): 9,
    ("publication", "pu"): 10,
    ("privilege", "ON COLUMN public.t.a TO PUBLIC"): 12,
    ("function", "public.f()"): 13,
    ("trigger", "public.t.tr"): 14,
}
"""The line of SECOND, which runs outside of a transaction, that made or last changed a fact."""

ATTRIBUTES = {
    ("policy", "public.t.po", "comment"): 3,
    ("table", "public.t", "row_level_security"): 4,
    ("column", "public.t.a", "default"): 6,
    ("column", "public.t.id", "comment"): 11,
    ("view", "public.v", "definition"): 9,
}
"""The line of SECOND that last changed an attribute."""

WITHOUT = {"extension", "role", "database"}
"""Kinds that this tree makes none of, or whose rows tell nothing: roles belong to the cluster."""


@pytest.fixture
def schema(tmp_path: Path, database: str) -> Schema:
    (tmp_path / "1.sql").write_text(FIRST)
    (tmp_path / "2.sql").write_text(SECOND)
    applied = apply_tree(load_tree("t", root=tmp_path, files=["1.sql", "2.sql"]), database)
    assert not applied.failures
    return read_schema(database, marks=applied.marks.place)


def test_facts_know_what_made_them(schema: Schema) -> None:
    places = {key: str(schema[key].origin.first) for key in MADE if key not in CHANGED}
    assert places == {key: f"1.sql:{MADE[key]}" for key in places}
    kept = {"table", "enum", "view"}
    assert {
        key: schema[key].origin.made and str(schema[key].origin.made)
        for key in MADE
        if key[0] in kept
    } == {key: f"1.sql:{line}" for key, line in MADE.items() if key[0] in kept}


def test_facts_know_what_changed_them_last(schema: Schema) -> None:
    places = {key: str(schema[key].origin.place) for key in CHANGED}
    assert places == {key: f"2.sql:{line}" for key, line in CHANGED.items()}


def test_attributes_know_what_changed_them_last(schema: Schema) -> None:
    places = {key: str(schema[key[:2]].origin.of(key[2])) for key in ATTRIBUTES}
    assert places == {key: f"2.sql:{line}" for key, line in ATTRIBUTES.items()}


AT_THE_END = """\
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'; \
CREATE TABLE box (id int PRIMARY KEY, size int NOT NULL DEFAULT 2, note text);
CREATE VIEW big AS SELECT id FROM box WHERE size > 2;
CREATE INDEX box_size ON box (size DESC);
CREATE POLICY p ON box USING (size > 2);
CREATE TRIGGER tr BEFORE UPDATE ON box FOR EACH ROW EXECUTE FUNCTION f();
CREATE TABLE log (at int, msg text) PARTITION BY LIST (at);
CREATE TABLE log_1 PARTITION OF log FOR VALUES IN (1);
CREATE TABLE log_2 (at int, msg text);
CREATE SEQUENCE s;
COMMENT ON COLUMN box.size IS 'how big';
COMMENT ON VIEW big IS 'big ones';
GRANT SELECT ON big, box, log, s TO PUBLIC; GRANT SELECT (size) ON box TO PUBLIC;
COMMENT ON INDEX box_size IS 'idx';
COMMENT ON POLICY p ON box IS 'pol';
COMMENT ON TRIGGER tr ON box IS 'tr';
COMMENT ON CONSTRAINT box_pkey ON box IS 'key';
ALTER TABLE box ALTER size SET STATISTICS 50;
ALTER INDEX box_size SET (fillfactor = 70);
ALTER TABLE box OWNER TO postgres;
ALTER TABLE log DETACH PARTITION log_1;
ALTER TABLE log ATTACH PARTITION log_2 FOR VALUES IN (2);
CREATE DOMAIN d AS int; CREATE TYPE e AS ENUM ('a'); CREATE TYPE c AS (a int);
ALTER DOMAIN d OWNER TO postgres;
ALTER TYPE e OWNER TO postgres;
GRANT USAGE ON TYPE c TO PUBLIC;
"""
LINES_AT_THE_END = {
    ("column", "public.box.size", "default"): 1,
    ("column", "public.box.size", "type"): 1,
    ("column", "public.box.size", "statistics"): 17,
    ("column", "public.box.size", "comment"): 10,
    ("view", "public.big", "definition"): 2,
    ("view", "public.big", "comment"): 11,
    ("index", "public.box_size", "columns"): 3,
    ("index", "public.box_size", "options"): 18,
    ("index", "public.box_size", "comment"): 13,
    ("policy", "public.box.p", "using"): 4,
    ("policy", "public.box.p", "comment"): 14,
    ("trigger", "public.box.tr", "timing"): 5,
    ("constraint", "public.box.box_pkey", "columns"): 1,
    ("constraint", "public.box.box_pkey", "comment"): 16,
    ("sequence", "public.s", "start"): 9,
    ("table", "public.log_1", "partition_of"): 20,
    ("table", "public.log_1", "persistence"): 7,
    ("table", "public.log_2", "partition_bound"): 21,
    ("column", "public.log_2.msg", "local"): 21,
    ("privilege", "ON TABLE public.big TO PUBLIC", "privileges"): 12,
    ("domain", "public.d", "type"): 22,
    ("enum", "public.e", "labels"): 22,
    ("composite type", "public.c", "owner"): 22,
}
"""The line that last changed an attribute: what comes at the end of a dump takes no other's."""


@pytest.mark.parametrize("transaction", [True, False])
def test_what_comes_at_the_end_takes_no_other_place(
    tmp_path: Path, database: str, transaction: bool
) -> None:
    (tmp_path / "1.sql").write_text(AT_THE_END if transaction else f"COMMIT;{AT_THE_END}")
    applied = apply_tree(load_tree("t", root=tmp_path, files=["1.sql"]), database)
    assert not applied.failures
    schema = read_schema(database, marks=applied.marks.place)
    places = {key: schema[key[:2]].origin.of(key[2]) for key in LINES_AT_THE_END}
    assert {key: place and place.line for key, place in places.items()} == LINES_AT_THE_END
    assert str(schema["column", "public.box.size"].origin.first) == "1.sql:1"


def test_every_kind_is_tried() -> None:
    assert {kind for kind, _ in (*MADE, *CHANGED)} >= KINDS.keys() - WITHOUT


ROUTINES = """\
CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION altered() RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1';
CREATE AGGREGATE g(integer) (SFUNC = int4pl, STYPE = integer);
CREATE OR REPLACE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 2';
ALTER FUNCTION altered() STABLE;
REVOKE ALL ON ALL ROUTINES IN SCHEMA public FROM PUBLIC;
COMMENT ON FUNCTION f() IS 'two';
COMMENT ON FUNCTION altered() IS 'stable';
COMMENT ON PROCEDURE p() IS 'p';
COMMENT ON AGGREGATE g(integer) IS 'g';
GRANT EXECUTE ON FUNCTION f(), g(integer) TO PUBLIC;
"""
ROUTINE_LINES = {
    ("function", "public.f()"): (5, 5),
    ("function", "public.altered()"): (2, 2),
    ("procedure", "public.p()"): (3, 3),
    ("aggregate", "public.g(integer)"): (4, 4),
}
"""The lines that made and that last changed what a routine says, as near as can be told."""


@pytest.mark.parametrize("transaction", [True, False])
def test_privileges_and_comments_leave_a_routine_where_it_was_written(
    tmp_path: Path, database: str, transaction: bool
) -> None:
    text = ROUTINES if transaction else f"COMMIT;{ROUTINES}"
    (tmp_path / "1.sql").write_text(text)
    applied = apply_tree(load_tree("t", root=tmp_path, files=["1.sql"]), database)
    assert not applied.failures
    schema = read_schema(database, marks=applied.marks.place)
    origins = {key: schema[key].origin for key in ROUTINE_LINES}
    assert {
        key: (origin.first and origin.first.line, origin.place and origin.place.line)
        for key, origin in origins.items()
    } == ROUTINE_LINES


def test_a_line_that_also_grants_still_counts(tmp_path: Path, database: str) -> None:
    (tmp_path / "1.sql").write_text(
        "CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1';\n\n"
        "ALTER FUNCTION f() STABLE; REVOKE ALL ON FUNCTION f() FROM PUBLIC;\n"
    )
    applied = apply_tree(load_tree("t", root=tmp_path, files=["1.sql"]), database)
    fact = read_schema(database, marks=applied.marks.place)["function", "public.f()"]
    assert str(fact.origin.place) == "1.sql:3"


def test_what_alters_a_routine_last_is_where_it_points(tmp_path: Path, database: str) -> None:
    (tmp_path / "1.sql").write_text(
        "CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1';\n"
        "REVOKE ALL ON FUNCTION f() FROM PUBLIC;\n"
        "ALTER FUNCTION f() STABLE;\n"
    )
    applied = apply_tree(load_tree("t", root=tmp_path, files=["1.sql"]), database)
    fact = read_schema(database, marks=applied.marks.place)["function", "public.f()"]
    assert [str(place) for place in (fact.origin.made, fact.origin.changed)] == [
        "1.sql:1",
        "1.sql:3",
    ]
