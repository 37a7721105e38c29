"""Reading leaves a connection as it was, and shows everyone the same."""

from __future__ import annotations

import subprocess
import sys

import psycopg
import pytest
from psycopg import sql
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row

from pytest_schema_parity.catalog import read_schema
from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.postgres.cluster import Cluster
from pytest_schema_parity.schema.facts import Schema

EVERYTHING = """
CREATE SCHEMA shop;
CREATE TYPE shop.state AS ENUM ('new', 'paid');
CREATE TABLE shop.orders (id serial PRIMARY KEY, state shop.state DEFAULT 'new', note text);
CREATE INDEX ON shop.orders (lower(note)) WHERE state = 'new';
CREATE FUNCTION shop.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER g BEFORE UPDATE ON shop.orders FOR EACH ROW EXECUTE FUNCTION shop.f();
CREATE VIEW shop.open_orders AS SELECT id FROM shop.orders WHERE state = 'new';
CREATE POLICY p ON shop.orders USING (note IS NULL);
CREATE STATISTICS shop.st ON id, note FROM shop.orders;
CREATE FOREIGN DATA WRAPPER far;
CREATE SERVER away FOREIGN DATA WRAPPER far;
CREATE USER MAPPING FOR CURRENT_USER SERVER away OPTIONS (password 'secret');
CREATE PUBLICATION pub FOR TABLE shop.orders;
CREATE SUBSCRIPTION sub CONNECTION 'dbname=none password=secret' PUBLICATION pub
    WITH (connect = false, slot_name = NONE);
"""


@pytest.mark.parametrize("autocommit", [True, False])
def test_leaves_an_idle_connection_as_it_was(database: str, autocommit: bool) -> None:
    with psycopg.connect(database, autocommit=autocommit, row_factory=dict_row) as connection:
        connection.execute("SET search_path = nowhere")
        connection.execute("SET DateStyle = German")
        connection.commit()
        connection.isolation_level = psycopg.IsolationLevel.SERIALIZABLE
        connection.read_only = False
        read_schema(connection)
        assert connection.info.transaction_status == TransactionStatus.IDLE
        assert connection.isolation_level == psycopg.IsolationLevel.SERIALIZABLE
        assert connection.read_only is False
        assert connection.execute("SHOW search_path").fetchone() == {"search_path": "nowhere"}
        assert connection.execute("SHOW DateStyle").fetchone() == {"DateStyle": "German, DMY"}
        connection.execute("CREATE TABLE public.t ()")


def test_reads_what_an_open_transaction_made(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("SET LOCAL search_path = nowhere")
        connection.execute("CREATE TABLE public.t ()")
        assert "public.t" in read_schema(connection).tables
        assert connection.info.transaction_status == TransactionStatus.INTRANS
        assert connection.execute("SHOW search_path").fetchone() == ("nowhere",)
        assert "public.t" not in read_schema(database).tables


def test_refuses_an_aborted_transaction(database: str) -> None:
    with psycopg.connect(database) as connection:
        with pytest.raises(psycopg.Error):
            connection.execute("SELECT nonsense")
        with pytest.raises(ServerError, match="aborted transaction: roll it back first"):
            read_schema(connection)


def test_says_what_is_wrong_with_a_server_that_is_not_there() -> None:
    with pytest.raises(ServerError, match="cannot be read"):
        read_schema("host=/nowhere dbname=none")


def test_an_ordinary_role_reads_the_same(cluster: Cluster, database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(EVERYTHING)
        connection.execute("CREATE ROLE nobody_special LOGIN")
    name = psycopg.conninfo.conninfo_to_dict(database)["dbname"]
    try:
        theirs = read_schema(cluster.conninfo(str(name), user="nobody_special"))
        assert theirs == read_schema(database)
        assert ("subscription", "sub") in theirs
        assert "secret" not in theirs.to_json()
    finally:
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute("DROP SUBSCRIPTION sub")
            connection.execute("DROP ROLE nobody_special")


def test_leaves_temporary_things_out(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        before = read_schema(connection)
        connection.execute(
            "CREATE TEMP TABLE t (id serial PRIMARY KEY, a text CHECK (a <> ''));"
            "CREATE TEMP VIEW v AS SELECT * FROM t; CREATE TYPE pg_temp.e AS ENUM ('x');"
            "CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1';"
        )
        assert read_schema(connection) == before


def test_leaves_no_trace_of_what_is_dropped(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        before = read_schema(connection)
        connection.execute(EVERYTHING.partition("CREATE PUBLICATION")[0])
        assert read_schema(connection) != before
        connection.execute("DROP SCHEMA shop CASCADE; DROP FOREIGN DATA WRAPPER far CASCADE")
        assert read_schema(connection) == before


def test_every_parent_is_a_fact(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(EVERYTHING.partition("CREATE SUBSCRIPTION")[0])
        assert not orphans(read_schema(connection))


def test_every_parent_is_a_fact_on_a_platform(supabase_cluster: Cluster) -> None:
    assert not orphans(read_schema(supabase_cluster.conninfo()))


def test_reads_the_roles_that_matter_here(database: str) -> None:
    roles = ("corpus_owner", "corpus_user", "corpus_member", "corpus_set", "corpus_other")
    with psycopg.connect(database, autocommit=True) as connection:
        for role in roles:
            connection.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)))
        name = sql.Identifier(connection.info.dbname)
        connection.execute("CREATE SCHEMA mine AUTHORIZATION corpus_owner")
        connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO corpus_user").format(name))
        connection.execute("GRANT corpus_user TO corpus_member WITH ADMIN OPTION")
        connection.execute(
            sql.SQL("ALTER ROLE corpus_set IN DATABASE {} SET jit = off").format(name)
        )
        try:
            found = read_schema(connection).roles
            assert [role for role in roles if role in found] == list(roles[:-1])
            member = found["corpus_member"]["role", "corpus_member"]
            assert member.attributes["member_of"] == ["corpus_user WITH ADMIN OPTION"]
            assert "corpus_other" in read_schema(connection, marks=nowhere).roles
        finally:
            connection.execute("DROP SCHEMA mine")
            connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM corpus_user").format(name))
            for role in roles:
                connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


def nowhere(xmin: int, cmin: int, /, *, attribute: str | None = None) -> None:
    """The origin of everything that no tree made."""


def orphans(schema: Schema) -> list[tuple[str, str]]:
    """The facts that hang below a thing which is none; languages and extensions' are known."""
    return [
        fact.key
        for fact in schema
        if fact.parent and fact.parent not in schema and fact.parent[0] != "language"
    ]


LOGS = """
import logging
import pytest_schema_parity.catalog
logging.getLogger("psycopg").warning("error ignored terminating a pipeline")
"""


def test_where_logging_is_not_configured_psycopg_writes_no_line() -> None:
    done = subprocess.run([sys.executable, "-c", LOGS], capture_output=True, text=True, check=True)
    assert done.stderr == ""
