"""Origins on a real server: every kind of DDL, in and outside of transactions."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from pytest_schema_parity.migrations.apply import Applied, apply_tree
from pytest_schema_parity.migrations.tree import load_tree
from pytest_schema_parity.schema.facts import Place

KINDS = """\
create table t (id int primary key, a text not null check (a <> ''));
alter table t add column b int;
alter table t alter column b set default 7;
alter table t add constraint t_b_key unique (b);
create index t_a on t (a);
create function f() returns trigger language plpgsql as 'begin return new; end';
create trigger g before insert on t for each row execute function f();
create policy p on t using (true);
comment on table t is 'here';
create view v as select id from t;
create type e as enum ('x');
alter type e add value 'y';
create sequence s;
alter table t enable row level security;
grant select on t to public;
create or replace function f() returns trigger language plpgsql as 'begin return old; end';
create or replace view v as select id, a from t;
create materialized view m as select 1 as one;
create domain d as int check (value > 0);
create schema z;
create rule r as on delete to v do instead nothing;
create statistics st on id, a from t;
create publication pub for table t;
"""

LOOK = {
    "made a table": ("pg_type where typname = 't'", 1),
    "changed a table last": ("pg_class where relname = 't'", 15),
    "a column": ("pg_attribute where attrelid = 't'::regclass and attname = 'a'", 1),
    "a column added": ("pg_attribute where attrelid = 't'::regclass and attname = 'b'", 3),
    "a default": ("pg_attrdef where adrelid = 't'::regclass", 3),
    "an inline constraint": ("pg_constraint where conname = 't_a_check'", 1),
    "a constraint": ("pg_constraint where conname = 't_b_key'", 4),
    "an index": ("pg_index where indexrelid = 't_a'::regclass", 5),
    "a function replaced": ("pg_proc where proname = 'f'", 16),
    "a trigger": ("pg_trigger where tgname = 'g'", 7),
    "a policy": ("pg_policy where polname = 'p'", 8),
    "a comment": ("pg_description where description = 'here'", 9),
    "made a view": ("pg_type where typname = 'v'", 10),
    "a view replaced": ("pg_rewrite where rulename = '_RETURN' and ev_class = 'v'::regclass", 17),
    "an enum": ("pg_type where typname = 'e'", 11),
    "an enum's value": ("pg_enum where enumlabel = 'x'", 11),
    "an enum's value added": ("pg_enum where enumlabel = 'y'", 12),
    "a sequence": ("pg_sequence where seqrelid = 's'::regclass", 13),
    "a materialized view": ("pg_type where typname = 'm'", 18),
    "a domain": ("pg_type where typname = 'd'", 19),
    "a domain's check": ("pg_constraint where conname = 'd_check'", 19),
    "a schema": ("pg_namespace where nspname = 'z'", 20),
    "a rule": ("pg_rewrite where rulename = 'r'", 21),
    "statistics": ("pg_statistic_ext where stxname = 'st'", 22),
    "a publication": ("pg_publication where pubname = 'pub'", 23),
}


def apply(root: Path, database: str, **files: str) -> Applied:
    for name, text in files.items():
        (root / f"{name}.sql").write_text(text)
    return apply_tree(load_tree("t", root=root, files=[f"{n}.sql" for n in files]), database)


def place(applied: Applied, database: str, rows: str) -> Place | None:
    with psycopg.connect(database) as connection:
        cmin = "case when xmax::text = '0' then cmin::text::bigint else -1 end"
        query = f"select xmin::text::bigint, {cmin} from pg_catalog.{rows}"
        ((xmin, cmin),) = connection.execute(query.encode()).fetchall()
    return applied.marks.place(xmin, cmin)


def drop_role(database: str, role: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute(f"drop owned by {role}; drop role {role}".encode())


@pytest.mark.parametrize("way", ["in one transaction", "statement by statement", "in its own"])
def test_every_kind_has_the_line_of_its_statement(tmp_path, database, way: str) -> None:
    text = {"in one transaction": "{}", "in its own": "begin; {}commit; vacuum pg_class;"}.get(
        way, "{} vacuum t;"
    )
    applied = apply(tmp_path, database, a=text.format(KINDS), b="create table other ();")
    assert applied.failures == ()
    found = {name: place(applied, database, rows) for name, (rows, _) in LOOK.items()}
    assert found == {name: Place("a.sql", line) for name, (_, line) in LOOK.items()}
    assert place(applied, database, "pg_type where typname = 'other'") == Place("b.sql", 1)


def test_what_was_there_before_the_tree_has_no_origin(tmp_path, database) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("create table before ()")
    applied = apply(tmp_path, database, a="select 1; create table a ();")
    assert place(applied, database, "pg_type where typname = 'before'") is None
    assert place(applied, database, "pg_type where typname = 'int4'") is None
    assert place(applied, database, "pg_namespace where nspname = 'public'") is None


def test_a_change_of_what_was_there_before_has_its_line(tmp_path, database) -> None:
    applied = apply(tmp_path, database, a="select 1;\ncomment on schema public is 'mine';")
    assert place(applied, database, "pg_description where description = 'mine'") == Place(
        "a.sql", 2
    )


def test_subtransactions_belong_to_the_statement_that_opened_them(tmp_path, database) -> None:
    text = """create table a ();
do $$ begin
  begin create table b (); exception when others then null; end;
  begin create table c (); perform 1/0; exception when others then create table d (); end;
end $$;
create table e ();
"""
    applied = apply(tmp_path, database, x=text)
    lines = {name: place(applied, database, f"pg_type where typname = '{name}'") for name in "abde"}
    assert lines == {n: Place("x.sql", line) for n, line in zip("abde", (1, 2, 2, 6), strict=True)}


def test_savepoints_keep_the_lines_apart(tmp_path, database) -> None:
    text = """begin;
create table a ();
savepoint one; create table b ();
create table c ();
rollback to one;
create table d (); savepoint two;
create table e ();
release two;
do $$ begin begin create table f (); exception when others then null; end; end $$;
create table g ();
commit;
"""
    applied = apply(tmp_path, database, x=text)
    assert applied.failures == ()
    found = {n: place(applied, database, f"pg_type where typname = '{n}'") for n in "adefg"}
    assert {name: at and at.line for name, at in found.items()} == dict(
        zip("adefg", (2, 6, 7, 9, 10), strict=True)
    )


def test_an_index_made_concurrently_has_its_line(tmp_path, database) -> None:
    text = "create table t (a int);\ncreate index concurrently i on t (a);\ncreate table u ();"
    applied = apply(tmp_path, database, a=text)
    assert applied.failures == ()
    assert place(applied, database, "pg_index where indexrelid = 'i'::regclass") == Place(
        "a.sql", 2
    )
    assert place(applied, database, "pg_type where typname = 'u'") == Place("a.sql", 3)


@pytest.mark.parametrize("end", ["", "vacuum pg_class;"])
def test_any_role_and_search_path_may_write_markers(tmp_path, database, end: str) -> None:
    text = f"""create role origins_nobody; grant create on schema public to origins_nobody;
set role origins_nobody;
set search_path = public;
create table mine ();
reset role;
{end}"""
    applied = apply(
        tmp_path,
        database,
        a=text,
        b="create table b ();",
    )
    assert applied.failures == ()
    found = {n: place(applied, database, f"pg_type where typname = '{n}'") for n in ("mine", "b")}
    drop_role(database, "origins_nobody")
    assert found == {"mine": Place("a.sql", 4), "b": Place("b.sql", 1)}


def test_the_markers_survive_the_schema_public(tmp_path, database) -> None:
    text = (
        "create table a ();\ndrop schema public cascade;\ncreate schema public;\ncreate table b ();"
    )
    applied = apply(tmp_path, database, x=text)
    assert place(applied, database, "pg_type where typname = 'b'") == Place("x.sql", 4)


def test_a_file_that_only_reads_is_not_disturbed(tmp_path, database) -> None:
    applied = apply(
        tmp_path,
        database,
        a="create table a ();",
        b="set transaction read only;\nselect 1;",
        c="begin; set transaction read only; select 1; commit;\ncreate table c ();",
        d="create table d ();",
    )
    assert applied.failures == ()
    assert place(applied, database, "pg_type where typname = 'a'") == Place("a.sql", 1)
    assert place(applied, database, "pg_type where typname = 'c'") is None
    assert place(applied, database, "pg_type where typname = 'd'") == Place("d.sql", 1)


@pytest.mark.parametrize(
    "text",
    [
        "-- read only here\ncreate table a ();",
        "create role read_only;\ncreate table a (); drop role read_only;",
        "/* read only */ set search_path = public; -- read only\ncreate table a ();",
        "create role read_only; set role read_only; reset role; drop role read_only;\n"
        "create table a ();",
        "create function f() returns text language sql as $$ select\n"
        "current_setting('transaction_read_only') $$; create table a (b text default 'read only');",
        "commit; begin read write; -- read only\ncreate table a (); commit;",
    ],
)
def test_a_file_that_only_speaks_of_reading_has_its_places(tmp_path, database, text) -> None:
    applied = apply(tmp_path, database, a=text)
    assert applied.failures == ()
    assert place(applied, database, "pg_type where typname = 'a'") == Place("a.sql", 2)


@pytest.mark.parametrize(
    "text",
    [
        "commit; begin read only; select 1; commit; create table a ();",
        "commit; begin; set local transaction_read_only = on; select 1; commit; create table a ();",
        "commit; set default_transaction_read_only = on; select 1;"
        " reset default_transaction_read_only; create table a ();",
        "commit; begin; select set_config('transaction_read_only', 'on', true); select 1; commit;"
        " create table a ();",
        "commit; begin; do $$ begin set transaction read only; end $$; select 1; commit;"
        " create table a ();",
        "commit; set session characteristics as transaction read only; select 1;"
        " set session characteristics as transaction read write; create table a ();",
    ],
)
def test_a_file_that_reads_for_a_while_is_applied_whole(tmp_path, database, text) -> None:
    assert apply(tmp_path, database, a=text).failures == ()


def test_a_file_that_cannot_write_markers_is_applied_all_the_same(tmp_path, database) -> None:
    hostile = "revoke all on all tables in schema schema_parity_marks from public;"
    other = "create role origins_other; grant create on schema public to origins_other;"
    asked = "set role origins_other;\ncreate table b ();"
    applied = apply(
        tmp_path,
        database,
        a=f"{hostile}\n{other}\ncreate table a ();",
        b=asked,
        c="create table c ();",
    )
    assert applied.failures == ()
    found = {n: place(applied, database, f"pg_type where typname = '{n}'") for n in "abc"}
    drop_role(database, "origins_other")
    assert found == {"a": Place("a.sql", 3), "b": None, "c": Place("c.sql", 1)}


def test_without_markers_nothing_is_guessed(tmp_path, database) -> None:
    applied = apply(
        tmp_path,
        database,
        a="create table a ();",
        b="drop schema schema_parity_marks cascade;\ncreate table b ();",
        c="create table c ();",
    )
    assert applied.failures == ()
    assert [place(applied, database, f"pg_type where typname = '{n}'") for n in "abc"] == [None] * 3


def test_what_was_changed_and_undone_is_not_guessed(tmp_path, database) -> None:
    applied = apply(
        tmp_path,
        database,
        a="create table first (); create table t (a int);\ncreate table last ();",
        b="select 1;\nselect 2;\nalter table t enable row level security;\nselect 1/0;",
    )
    assert len(applied.failures) == 1
    assert place(applied, database, "pg_type where typname = 't'") == Place("a.sql", 1)
    assert place(applied, database, "pg_class where relname = 't'") is None


def test_a_role_that_may_make_no_schema_goes_without_origins(tmp_path, database) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("create role origins_poor login")
        connection.execute("grant create on schema public to origins_poor")
    poor = make_conninfo(database, user="origins_poor")
    applied = apply(tmp_path, poor, a="create table a ();")
    assert applied.failures == ()
    assert len(applied.marks) == 0
    drop_role(database, "origins_poor")


def test_event_triggers_of_the_tree_do_not_see_the_markers(tmp_path, database) -> None:
    text = """create function no() returns event_trigger language plpgsql
  as $$ begin raise exception 'no'; end $$;
create event trigger et on ddl_command_start execute function no();
"""
    applied = apply(tmp_path, database, a=text)
    assert applied.failures == ()
    with psycopg.connect(database) as connection:
        rows = connection.execute("select nspname from pg_namespace where nspname ~ 'marks'")
        assert rows.fetchall() == []
