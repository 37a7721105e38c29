"""Migrations that hang, that end their own session, and that bring the server down."""

from __future__ import annotations

import os
import resource
from contextlib import ExitStack

import pytest
from support.applying import exists, only, tree

from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.migrations import protocol
from pytest_schema_parity.migrations.apply import apply_tree
from pytest_schema_parity.postgres.cluster import start_cluster

WAYS = ["", "begin; commit;\n"]
"""In front of a file: what is run in one round trip, and what is run statement by statement."""
LIMIT = 0.3


@pytest.fixture
def short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "_GRACE", 0.1)


@pytest.mark.usefixtures("short_grace")
@pytest.mark.parametrize("way", WAYS)
def test_no_statement_takes_the_limit_off(tmp_path, database, way: str) -> None:
    text = f"{way}set statement_timeout = 0; create table a ();\nselect pg_sleep(60);"
    files = tree(tmp_path, a=text, b="create table b ();")
    failure = only(apply_tree(files, database, statement_timeout=LIMIT))
    assert failure.line == text.count("\n") + 1
    assert str(failure).endswith(": canceling statement due to statement timeout")
    assert failure.hint == "The configuration sets statement_timeout to 0.3 seconds."
    assert exists(database, "b")


@pytest.mark.usefixtures("short_grace")
@pytest.mark.parametrize(
    ("way", "text"),
    [
        ("", "select nolimit();\nselect pg_sleep(60);"),
        (WAYS[1], "select nolimit();\nselect pg_sleep(60);"),
        ("", "set statement_timeout = 0;\ncopy (select pg_sleep(60)) to stdout;"),
        (
            "",
            "set statement_timeout = 0;\ncopy (select repeat('x', 9999), pg_sleep(0.1) from"
            " generate_series(1, 600)) to stdout;",
        ),
        ("", "set statement_timeout = 0;\ncopy slow from stdin;\n" + "1\n" * 50_000 + "\\.\n"),
        (
            "",
            "set statement_timeout = 0;\ndo $$begin for i in 1..600 loop raise notice 'x';"
            " perform pg_sleep(0.1); end loop; end$$;",
        ),
    ],
    ids=["function", "function, one by one", "copy out", "rows now and then", "copy in", "notices"],
)
def test_no_way_around_the_limit_is_endless(tmp_path, database, way: str, text: str) -> None:
    before = """
create function nolimit() returns void language sql
begin atomic select set_config('statement_timeout', '0', false); end;
create table slow (i int);
create function sleep() returns trigger language plpgsql
as 'begin perform pg_sleep(0.01); return new; end';
create trigger slow before insert on slow for each row execute function sleep();
"""
    files = tree(tmp_path, a=before, b=way + text, c="create table c ();")
    failure = only(apply_tree(files, database, statement_timeout=LIMIT))
    assert failure.file.endswith("b.sql")
    assert str(failure).endswith(": canceling statement due to statement timeout")
    assert exists(database, "c")


@pytest.mark.parametrize("way", WAYS)
def test_a_limit_of_the_files_own_is_not_told_as_ours(tmp_path, database, way: str) -> None:
    text = f"{way}set statement_timeout = '50ms';\nselect pg_sleep(60);"
    failure = only(apply_tree(tree(tmp_path, a=text), database, statement_timeout=30))
    assert str(failure).endswith(": canceling statement due to statement timeout")
    assert failure.hint is None


def test_a_process_may_have_a_thousand_files_open(tmp_path, installation) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 1500:
        pytest.skip(f"nobody may have more than {hard} files open here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (1500, hard))
    with ExitStack() as undo:
        undo.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        for _ in range(1100):
            undo.callback(os.close, os.open(os.devnull, os.O_RDONLY))
        cluster = undo.enter_context(start_cluster(installation))
        files = tree(tmp_path, a="create table a ();")
        assert apply_tree(files, cluster.conninfo(), statement_timeout=5).failures == ()


@pytest.mark.usefixtures("short_grace")
@pytest.mark.parametrize("way", WAYS)
def test_the_limit_is_one_statements(tmp_path, database, way: str) -> None:
    text = way + "select pg_sleep(0.1);" * 6
    assert apply_tree(tree(tmp_path, a=text), database, statement_timeout=LIMIT).failures == ()


@pytest.mark.usefixtures("short_grace")
def test_what_does_not_end_when_told_to_is_told_with_the_file(
    tmp_path, installation, monkeypatch
) -> None:
    monkeypatch.setattr(protocol, "_CANCEL_TIMEOUT", 0.1)
    text = "copy (select 1) to program 'trap \"\" INT TERM; sleep 3'"
    said = r"^while a\.sql was applied, a statement takes longer than 0\.3 seconds and cannot be"
    with (
        start_cluster(installation) as cluster,
        pytest.raises(ServerError, match=said),
    ):
        apply_tree(tree(tmp_path, a=text), cluster.conninfo(), statement_timeout=LIMIT)


@pytest.mark.parametrize("way", WAYS)
def test_a_session_that_times_itself_out_is_the_files_own(tmp_path, database, way: str) -> None:
    text = f"{way}set idle_session_timeout = 1;"
    applied = apply_tree(tree(tmp_path, a=text, b="create table b ();"), database)
    assert applied.failures == ()
    assert exists(database, "b")


def test_nobody_is_timed_out_by_an_earlier_file(tmp_path, database) -> None:
    text = "alter role current_user set idle_session_timeout = 1"
    after = "alter role current_user reset idle_session_timeout"
    applied = apply_tree(tree(tmp_path, a=text, b="create table b ();", c=after), database)
    assert applied.failures == ()


def test_a_backend_that_is_killed_takes_no_earlier_file_along(tmp_path, installation) -> None:
    crash = "create table a ();\ncopy (select 1) to program 'kill -9 $PPID'; select pg_sleep(9);"
    files = tree(tmp_path, a="create table kept ();", b=crash, c="create table c ();")
    with start_cluster(installation) as cluster:
        failure = only(apply_tree(files, cluster.conninfo()))
        assert (failure.file, failure.sqlstate) == ("b.sql", "08006")
        assert exists(cluster.conninfo(), "kept")
        assert exists(cluster.conninfo(), "c")


def test_a_server_that_is_brought_down_is_told_with_the_file(
    tmp_path, installation, monkeypatch
) -> None:
    monkeypatch.setattr("pytest_schema_parity.migrations.session._RECOVERY_TIMEOUT", 0.1)
    end = "copy (select 1) to program 'kill -QUIT $(head -1 postmaster.pid)'; select pg_sleep(9)"
    files = tree(tmp_path, a="create table a ();", b=end, c="create table c ();")
    with (
        start_cluster(installation) as cluster,
        pytest.raises(ServerError, match=r"^while b\.sql was applied, cannot connect"),
    ):
        apply_tree(files, cluster.conninfo())


@pytest.mark.parametrize("text", ["select $1", "create view v as select 1 + $1 as x"])
def test_a_parameter_without_a_value_is_told_as_psql_would(tmp_path, database, text) -> None:
    failure = only(apply_tree(tree(tmp_path, a=f"create table a ();\n{text}"), database))
    assert (failure.line, failure.column) == (2, text.index("$1") + 1)
    assert (failure.sqlstate, failure.message) == ("42P02", "there is no parameter $1")


def test_data_that_outgrow_their_limit_are_a_finding(tmp_path, database) -> None:
    text = "set temp_file_limit = 0;\nset work_mem = 64;\n{}"
    sort = (
        "select count(*) from (select i from generate_series(1, 100000) i order by -i offset 0) x"
    )
    failure = only(apply_tree(tree(tmp_path, a=text.format(sort)), database))
    assert (failure.line, failure.sqlstate) == (3, "53400")
