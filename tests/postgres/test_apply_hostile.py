"""Migrations that hang, that end their own session, and that bring the server down."""

from __future__ import annotations

import pytest
from applying import exists, only, tree

from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.migrations import exchange
from pytest_schema_parity.migrations.apply import apply_tree
from pytest_schema_parity.postgres.cluster import start_cluster

WAYS = ["", "begin; commit;\n"]
"""In front of a file: what is run in one round trip, and what is run statement by statement."""


@pytest.mark.parametrize("way", WAYS)
def test_no_statement_takes_the_limit_off(tmp_path, database, way: str) -> None:
    text = f"{way}set statement_timeout = 0; create table a ();\nselect pg_sleep(60);"
    files = tree(tmp_path, a=text, b="create table b ();")
    failure = only(apply_tree(files, database, statement_timeout=0.5))
    assert failure.line == text.count("\n") + 1
    assert str(failure).endswith(": canceling statement due to statement timeout")
    assert failure.hint == "The configuration allows a statement 0.5 seconds: statement_timeout."
    assert exists(database, "b")


@pytest.mark.parametrize("way", WAYS)
def test_the_limit_is_one_statements(tmp_path, database, way: str) -> None:
    text = way + "select pg_sleep(0.3);" * 6
    assert apply_tree(tree(tmp_path, a=text), database, statement_timeout=0.5).failures == ()


def test_what_does_not_end_when_told_to_is_told_with_the_file(
    tmp_path, installation, monkeypatch
) -> None:
    monkeypatch.setattr(exchange, "_OBEYING", 0.1)
    text = "copy (select 1) to program 'trap \"\" INT TERM; sleep 3'"
    said = r"^while a\.sql was applied, a statement takes longer than 0\.5 seconds and cannot be"
    with (
        start_cluster(installation) as cluster,
        pytest.raises(ServerError, match=said),
    ):
        apply_tree(tree(tmp_path, a=text), cluster.conninfo(), statement_timeout=0.5)


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
    monkeypatch.setattr("pytest_schema_parity.migrations.session._RECOVERY", 0.1)
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
