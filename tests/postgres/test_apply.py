from __future__ import annotations

import pytest
from support.applying import exists, only, tree, value

from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.migrations.apply import apply_tree
from pytest_schema_parity.migrations.tree import load_tree


def test_files_are_applied_in_order_and_leave_nothing_else(tmp_path, database) -> None:
    seen = []
    applied = apply_tree(
        tree(tmp_path, b="create table t (id int);\n", a="alter table t add c text;"),
        database,
        progress=lambda file: seen.append(file.name),
    )
    assert applied.failures == ()
    assert list(applied.files) == seen == ["b.sql", "a.sql"]
    assert exists(database, "public.t")
    assert value(database, "select count(*) from pg_namespace where nspname ~ 'marks'") == 0


def test_a_file_that_fails_is_undone_and_the_next_goes_on(tmp_path, database) -> None:
    applied = apply_tree(
        tree(
            tmp_path,
            a="create table a ();\n\n  select 1,\n    wrong;\ncreate table c ();",
            b="create table b ();",
        ),
        database,
    )
    failure = only(applied)
    assert (failure.file, failure.line, failure.column) == ("a.sql", 4, 5)
    assert (failure.sqlstate, failure.message) == ("42703", 'column "wrong" does not exist')
    assert failure.statement == "select 1, wrong"
    assert str(failure) == 'a.sql:4:5: column "wrong" does not exist'
    assert [exists(database, name) for name in "abc"] == [False, True, False]


def test_an_error_without_a_position_is_at_the_statement(tmp_path, database) -> None:
    text = "\ufeff-- x\r\ncreate table t (a int);\r\n\tcreate index i\r\n on t (b);\r\n"
    failure = only(apply_tree(tree(tmp_path, a=text), database))
    assert (failure.line, failure.column, failure.sqlstate) == (3, 2, "42703")


def test_detail_and_the_servers_own_hint_are_kept(tmp_path, database) -> None:
    text = "create table t (id int primary key); insert into t values (1), (1); "
    failure = only(apply_tree(tree(tmp_path, a=text), database))
    assert failure.detail == "Key (id)=(1) already exists."
    hinted = only(apply_tree(tree(tmp_path, a="select 'x' || 1 + now()"), database))
    assert hinted.hint is not None
    assert "explicit type casts" in hinted.hint


def test_an_error_at_commit_is_one_of_its_file(tmp_path, database) -> None:
    text = """create table a (id int primary key);
create table b (a int references a deferrable initially deferred);
insert into b values (1);
"""
    failure = only(apply_tree(tree(tmp_path, x=text), database))
    assert (failure.sqlstate, failure.line) == ("23503", 3)
    assert not exists(database, "a")


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("\ndo $$\nbegin\n  perform 1;\n  create index on nothing (a);\nend $$;", 5, 1),
        ("do $x$ begin\n insert into\n   pg_class (nothing) values (1);\nend $x$;", 3, 14),
        ("do language plpgsql 'begin\n\n execute ''bogus'';\nend'", 3, 1),
        ("create function f() returns int language sql as $$\n select\n  bogus $$;", 3, 3),
    ],
)
def test_an_error_inside_of_a_body_has_its_line(tmp_path, database, text, line, column) -> None:
    failure = only(apply_tree(tree(tmp_path, a=text), database))
    assert failure.line == line
    assert column == 1 or failure.column == column


@pytest.mark.parametrize(
    "last",
    [
        "create index concurrently i on t (id);",
        "create index i on t (id); drop index concurrently i;",
        "create index i on t (id); reindex index concurrently i;",
        "vacuum t;",
        "alter system set work_mem = '5MB'; alter system reset work_mem;",
        "alter type e add value 'b'; insert into v values ('b');",
        "do $$ begin insert into t values (1); commit; end $$;",
        "begin; insert into t values (1); commit; vacuum t;",
        "begin isolation level serializable; select 1; end; start transaction read only; commit;",
        "insert into t values (1); \\; insert into t values (2) \\; insert into t values (3);",
    ],
)
def test_what_cannot_run_in_a_transaction_runs_outside(tmp_path, database, last: str) -> None:
    first = "create table t (id int); create type e as enum ('a'); create table v (e e);\n"
    applied = apply_tree(tree(tmp_path, a=first + last, b="select * from t"), database)
    assert applied.failures == ()


MERGED = "create function begin() returns int language sql as 'select 1';\n"


def test_what_psql_takes_for_one_statement_is_still_one_transaction(tmp_path, database) -> None:
    """A function named begin makes psql, and so the scanner, look for an END."""
    assert apply_tree(tree(tmp_path, a=f"{MERGED}create table b ();\n"), database).failures == ()
    assert exists(database, "b")
    failure = only(apply_tree(tree(tmp_path, b=f"drop table b; {MERGED}select 1;"), database))
    assert (failure.sqlstate, exists(database, "b")) == ("42723", True)


def test_a_rollback_of_the_file_is_its_own(tmp_path, database) -> None:
    text = "create table a (); begin; create table b (); rollback; create table c ();"
    assert apply_tree(tree(tmp_path, a=text), database).failures == ()
    assert [exists(database, name) for name in "abc"] == [True, False, True]


def test_a_file_keeps_what_it_committed_itself(tmp_path, database) -> None:
    text = "begin; create table a (); commit;\nbegin; create table b ();\nselect bogus; commit;"
    failure = only(apply_tree(tree(tmp_path, a=text, z="create table c ();"), database))
    assert (failure.line, failure.sqlstate) == (3, "42703")
    assert [exists(database, name) for name in "abc"] == [True, False, True]


def test_set_transaction_counts_where_it_comes_first(tmp_path, database) -> None:
    first = "set transaction isolation level serializable; create table a ();"
    late = "create table b (); select 1; set transaction isolation level serializable;"
    failure = only(apply_tree(tree(tmp_path, a=first, b=late), database))
    assert (failure.file, failure.sqlstate) == ("b.sql", "25001")
    assert [exists(database, name) for name in "ab"] == [True, False]


def test_copy_reads_the_data_of_the_script(tmp_path, database) -> None:
    text = "create table t (a int, b text);\ncopy t from stdin;\n1\tx;\n2\t\\N\n\\.\nselect 1;"
    assert apply_tree(tree(tmp_path, a=text), database).failures == ()
    assert value(database, "select sum(a) from t where b is null") == 2
    bad = "create table u (a int);\ncopy u from stdin;\n1\nx\n\\.\n"
    failure = only(apply_tree(tree(tmp_path, b=bad), database))
    assert (failure.line, failure.sqlstate) == (4, "22P02")
    assert not exists(database, "u")
    assert apply_tree(tree(tmp_path, c="copy t to stdout; select 1"), database).failures == ()


def test_each_file_has_a_session_as_good_as_new(tmp_path, database) -> None:
    first = """set search_path = ''; set role pg_monitor; set statement_timeout = 0;
create temp table left_behind (); prepare p as select 1; select pg_advisory_lock(1);"""
    second = """create table t (); create temp table left_behind (); prepare p as select 2;
do $$ begin
  assert current_user = session_user;
  assert current_setting('statement_timeout') = '7s';
end $$;"""
    applied = apply_tree(tree(tmp_path, a=first, b=second), database, statement_timeout=7)
    assert applied.failures == ()
    assert exists(database, "public.t")


def test_a_setting_of_the_database_counts_from_the_next_file_on(tmp_path, database) -> None:
    name = value(database, "select current_database()")
    first = f"create schema app; alter database {name} set search_path = app; create table a ();"
    assert apply_tree(tree(tmp_path, a=first, b="create table b ();"), database).failures == ()
    assert exists(database, "public.a")
    assert exists(database, "app.b")


def test_a_statement_that_takes_too_long_is_a_finding(tmp_path, database) -> None:
    files = tree(tmp_path, a="select 1;\nselect pg_sleep(60);", b="create table b ();")
    failure = only(apply_tree(files, database, statement_timeout=0.1))
    assert (failure.line, failure.sqlstate) == (2, "57014")
    assert exists(database, "b")


@pytest.mark.parametrize("way", ["", "begin; commit;\n"])
def test_a_backend_that_dies_is_a_finding(tmp_path, database, way: str) -> None:
    text = way + "create table a ();\nselect pg_terminate_backend(pg_backend_pid());"
    failure = only(apply_tree(tree(tmp_path, a=text, b="create table b ();"), database))
    assert (failure.file, failure.sqlstate) == ("a.sql", "57P01")
    assert exists(database, "b")


def test_no_server_is_no_finding(tmp_path) -> None:
    with pytest.raises(ServerError, match="cannot connect"):
        apply_tree(tree(tmp_path, a="select 1"), f"host={tmp_path} dbname=x")


@pytest.mark.parametrize(
    ("data", "line", "message"),
    [
        (b"create table a ();\nselect 'x;\n", 2, "unterminated quoted string"),
        (b"create table a ();\n-- caf\xe9\n", 2, "byte 0xe9 is not UTF-8"),
        (b"create table a ();\n\\connect other\n", 2, "\\connect is understood by psql only"),
        (b"create table a ();\nselect 'create table b()' \\gexec\n", 2, "\\gexec is understood by"),
        (b"create table a (;\n", 1, "syntax error at or near"),
        (b"create table a ();\nselect :'x';", 2, 'syntax error at or near ":"'),
    ],
)
def test_a_file_that_cannot_be_read_is_a_finding(tmp_path, database, data, line, message) -> None:
    applied = apply_tree(tree(tmp_path, a=data, b="create table b ();"), database)
    failure = only(applied)
    assert (failure.file, failure.line) == ("a.sql", line)
    assert failure.message.startswith(message)
    assert [exists(database, name) for name in "ab"] == [False, True]


def test_a_version_that_is_taken_is_a_finding(tmp_path, database) -> None:
    (tmp_path / "1_a.sql").write_text("create table a ();")
    (tmp_path / "1_b.sql").write_text("create table b ();")
    files = load_tree("t", root=tmp_path, path=".", layout="supabase")
    failure = only(apply_tree(files, database))
    assert (failure.file, failure.line) == ("1_b.sql", 1)
    assert "version 1 is already taken by 1_a.sql" in failure.message
    assert [exists(database, name) for name in "ab"] == [True, False]


SCHEMA = """create type "Role" as enum ('ADMIN', 'USER');
create schema billing; create table billing.invoices (total int);
create table submissions (id int, user_id int); create table users (id int, email text);
create function is_admin(int) returns bool language sql as 'select true';
create role np_reader_xyz;
"""


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("create index on submission (id)", "Did you mean submissions?"),
        ('create index on "user" (id)', "Did you mean users?"),
        ("select * from public.submission", "Did you mean public.submissions?"),
        ("select * from invoices", "Did you mean billing.invoices?"),
        ("create index on submissions (userid)", "Did you mean user_id?"),
        ("select is_admn(1)", "Did you mean is_admin?"),
        ("create table t (r role)", 'Did you mean "Role"?'),
        ("grant select on users to np_reader_xy", "Did you mean np_reader_xyz?"),
        ("create table biling.t ()", "Did you mean billing?"),
        ("select 'ADMN'::\"Role\"", "Did you mean 'ADMIN'?"),
        ("create extension plpgsq", "Did you mean plpgsql?"),
        ("drop index submission_idx", None),
    ],
)
def test_an_unknown_name_comes_with_the_nearest(tmp_path, database, text, hint) -> None:
    files = tree(tmp_path, a=SCHEMA, b=text, c="drop role np_reader_xyz")
    failure = only(apply_tree(files, database))
    assert failure.file == "b.sql"
    assert hint is None or hint in (failure.hint or "")
    assert hint is not None or failure.hint is None


def test_a_name_that_comes_later_is_named_with_its_place(tmp_path, database) -> None:
    files = tree(
        tmp_path,
        a="alter table users enable row level security;",
        b='\ncreate table if not exists "public".users ();',
    )
    assert only(apply_tree(files, database)).hint == "It is created later, in b.sql:2."


def test_a_name_that_was_undone_with_its_file_is_still_meant(tmp_path, database) -> None:
    text = "create table submissions ();\ncreate index on submission (id);"
    failure = only(apply_tree(tree(tmp_path, a=text), database))
    assert (failure.line, failure.hint) == (2, "Did you mean submissions?")


def test_many_statements_and_much_output_do_not_block(tmp_path, database) -> None:
    noise = "do $$ begin raise warning '%', repeat('x', 20000); end $$;\n" * 200
    rows = "select repeat('y', 1000000);\n" * 5
    text = noise + rows + "select '" + "z" * 3_000_000 + "';"
    assert apply_tree(tree(tmp_path, a=text), database).failures == ()


@pytest.mark.parametrize("begins", ["BEGIN", "START TRANSACTION", "begin work"])
def test_a_transaction_that_is_left_open_is_told_and_is_not_the_next_files(
    tmp_path, database, begins
) -> None:
    applied = apply_tree(
        tree(tmp_path, a=f"SELECT 1;\n{begins};\ncreate table a ();\n", b="create table b ();"),
        database,
    )
    failure = only(applied)
    assert (failure.file, failure.line) == ("a.sql", 2)
    assert "the file ends inside this transaction" in failure.message
    assert not exists(database, "public.a")
    assert exists(database, "public.b")


OLD_STRINGS = "create table t (c text default '\\';'); create table u (c text default 'it\\'s');"


@pytest.mark.parametrize(
    "settings",
    [
        ("set standard_conforming_strings = off;", ""),
        ("set local standard_conforming_strings = off;", ""),
        ("", "alter role current_user set standard_conforming_strings = off"),
    ],
)
def test_backslashes_may_escape_in_plain_strings(tmp_path, database, settings) -> None:
    here, before = settings
    after = "alter role current_user reset standard_conforming_strings"
    applied = apply_tree(
        tree(tmp_path, a=before, b=f"{here}\n{OLD_STRINGS}", c=after, d="select '\\'"), database
    )
    assert applied.failures == ()
    assert exists(database, "u")
