"""Call the stand-ins for extensions of Supabase as the documentation of the originals does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from pytest_schema_parity.platforms import get_platform
from pytest_schema_parity.postgres.cluster import start_cluster
from pytest_schema_parity.postgres.installation import Installation

Connection = psycopg.Connection[Any]
Creating = Callable[..., Connection]


@pytest.fixture(scope="module", params=[True, False], ids=["superuser", "no superuser"])
def server(request: pytest.FixtureRequest, installation: Installation) -> Iterator[str]:
    """A connection string for the role that applies migrations on Supabase."""
    platform = get_platform("supabase", superuser=bool(request.param))
    template = platform.template(installation)
    with start_cluster(installation, template=template, name="stand-ins") as cluster:
        yield cluster.conninfo("postgres", user=platform.role)


@pytest.fixture
def having(server: str, installation: Installation) -> Iterator[Creating]:
    """Creates extensions, for one test; skips it where one is no stand-in."""
    with psycopg.connect(server) as connection:

        def create(*names: str, schema: str | None = None) -> Connection:
            for name in names:
                if name not in get_platform("supabase").stand_ins(installation):
                    pytest.skip(f"{installation.bindir} includes {name}, or has no stand-ins")
                where = f"SCHEMA {schema}" if schema else ""
                connection.execute(f'CREATE EXTENSION "{name}" {where}'.encode())
            return connection

        yield create
        connection.rollback()


def value(connection: Connection, query: str, *parameters: object) -> Any:
    row = connection.execute(query.encode(), parameters or None).fetchone()
    assert row is not None
    return row[0]


def error(connection: Connection, query: str) -> psycopg.Error:
    """The error of a statement, after which the transaction goes on."""
    with pytest.raises(psycopg.Error) as caught, connection.transaction():
        connection.execute(query.encode())
    return caught.value


def test_a_request_is_a_row_of_the_queue(having: Creating) -> None:
    made = having("pg_net", schema="extensions")
    first = value(made, """SELECT net.http_get('http://a.b?x=1#f', '{"q r": "ü&", "e": ""}')""")
    second = value(
        made, "SELECT net.http_post(url := 'https://a.b/p', body := '{\"a\": 1}'::jsonb)"
    )
    third = value(made, "SELECT net.http_delete('https://a.b/p', timeout_milliseconds := 9)")
    queue = (
        "SELECT id, method, url, headers, body, timeout_milliseconds FROM net.http_request_queue"
    )
    json = {"Content-Type": "application/json"}
    assert made.execute(queue.encode()).fetchall() == [
        (first, "GET", "http://a.b/?x=1&e=&q%20r=%C3%BC%26#f", {}, None, 5000),
        (second, "POST", "https://a.b/p", json, b'{"a": 1}', 5000),
        (third, "DELETE", "https://a.b/p", {}, None, 9),
    ]
    assert len({first, second, third}) == 3
    assert value(made, "SELECT count(*) FROM net._http_response") == 0


def test_a_post_is_refused_where_pg_net_refuses_it(having: Creating) -> None:
    made = having("pg_net")
    typed = """SELECT net.http_post('https://a.b', headers := '{"content-type": "text/plain"}')"""
    assert "must be" in str(error(made, typed))
    assert 'null value in column "url"' in str(error(made, "SELECT net.http_post(NULL)"))


def test_waiting_for_a_response_is_refused(having: Creating) -> None:
    made = having("pg_net")
    assert value(made, "SELECT (net._http_collect_response(7)).status") == "ERROR"
    refused = error(made, "SELECT net._http_collect_response(7, async := false)")
    assert refused.sqlstate == "0A000"
    assert "stand-in of pytest-schema-parity" in (refused.diag.message_hint or "")


def test_every_role_can_make_requests(having: Creating) -> None:
    made = having("pg_net")
    made.execute("SET ROLE anon")
    assert value(made, "SELECT net.http_get('https://a.b')") > 0


def test_a_job_is_a_row_that_its_name_and_role_identify(having: Creating) -> None:
    made = having("pg_cron")
    first = value(made, "SELECT cron.schedule('30 3 * * 6', 'DELETE FROM events')")
    nightly = value(made, "SELECT cron.schedule('nightly', '0 10 * * *', 'VACUUM')")
    assert value(made, "SELECT cron.schedule('nightly', '0 11 * * *', 'ANALYZE')") == nightly
    weekly = value(made, "SELECT cron.schedule_in_database('w', '@weekly', 'VACUUM', 'other')")
    value(made, "SELECT cron.alter_job(%s, schedule := '5 seconds', active := false)", weekly)
    jobs = "SELECT jobid, schedule, command, database, username, active, jobname FROM cron.job"
    assert made.execute(f"{jobs} ORDER BY jobid".encode()).fetchall() == [
        (first, "30 3 * * 6", "DELETE FROM events", "postgres", "postgres", True, None),
        (nightly, "0 11 * * *", "ANALYZE", "postgres", "postgres", True, "nightly"),
        (weekly, "5 seconds", "VACUUM", "other", "postgres", False, "w"),
    ]
    assert value(made, "SELECT count(*) FROM cron.job_run_details") == 0
    assert value(made, "SELECT cron.unschedule(%s::bigint)", first) is True
    assert value(made, "SELECT cron.unschedule('nightly')") is True
    assert value(made, "SELECT array_agg(jobid) FROM cron.job") == [weekly]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("schedule('x', NULL, 'SELECT 1')", "schedule can not be NULL"),
        ("schedule(NULL, '* * * * *', 'SELECT 1')", "job_name can not be NULL"),
        ("unschedule('x')", "could not find valid entry for job 'x'"),
        ("unschedule(7)", "could not find valid entry for job 7"),
        ("alter_job(7)", "no updates specified"),
        ("alter_job(7, active := true)", "Job 7 does not exist or you don't own it"),
    ],
)
def test_a_call_that_pg_cron_refuses(having: Creating, call: str, message: str) -> None:
    refused = error(having("pg_cron"), f"SELECT cron.{call}")
    assert refused.diag.message_primary == message


SCHEDULES = {
    True: """* * * * *|*/5 0-6 1,15 * mon-fri|0 0 $ 1/2 7|  59 23 31 DEC Sun |@hourly|@reboot\
|1 second| 30 sEcOnDs |59 seconds""",
    False: """* * * *|60 * * * *|* 24 * * *|* * 0 * *|* * * 13 *|* * * * 8|* * * mon *|$ * * * *\
|*/0 * * * *|1-60 * * * *|a * * * *||@restar|0 seconds|60 seconds|-1 seconds|5 secondc\
|5 seconds c""",
}


@pytest.mark.parametrize("valid", SCHEDULES)
def test_schedules(having: Creating, valid: bool) -> None:
    made = having("pg_cron")
    for schedule in SCHEDULES[valid].split("|"):
        call = f"SELECT cron.schedule('{schedule}', 'SELECT 1')"
        if valid:
            assert value(made, call) > 0, schedule
        else:
            refused = error(made, call)
            assert refused.diag.message_primary == f"invalid schedule: {schedule}"
            assert refused.sqlstate == "22023"


def test_a_role_sees_and_removes_its_own_jobs_only(having: Creating) -> None:
    made = having("pg_cron")
    own = value(made, "SELECT cron.schedule('same name', '@daily', 'SELECT 1')")
    made.execute("GRANT USAGE ON SCHEMA cron TO anon; SET ROLE anon")
    other = value(made, "SELECT cron.schedule('same name', '@daily', 'SELECT 2')")
    assert value(made, "SELECT array_agg(jobid) FROM cron.job") == [other] != [own]
    assert "could not find" in str(error(made, f"SELECT cron.unschedule({own})"))
    for function in ("alter_job(1, 'x')", "schedule_in_database('a', '@daily', 'SELECT 1', 'b')"):
        assert error(made, f"SELECT cron.{function}").sqlstate == "42501"
    made.execute("RESET ROLE")
    made.execute("SELECT cron.unschedule('same name')")
    assert value(made, "SELECT count(*) FROM cron.job WHERE jobid = %s", own) == 0


def test_only_a_superuser_schedules_for_another_role(having: Creating) -> None:
    made = having("pg_cron")
    call = "SELECT cron.schedule_in_database('a', '@daily', 'SELECT 1', 'b', username := {})"
    if value(made, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"):
        made.execute(call.format("'anon'").encode())
        assert value(made, "SELECT username FROM cron.job") == "anon"
        assert error(made, call.format("'nobody here'")).sqlstate == "42704"
    else:
        assert "must be superuser" in str(error(made, call.format("'anon'")))


def test_a_secret_is_stored_and_shown(having: Creating) -> None:
    made = having("supabase_vault")
    key = value(made, "SELECT vault.create_secret('pa💧ss', 'the name', 'what for')")
    unnamed = value(made, "SELECT vault.create_secret('other')")
    query = "SELECT name, description, decrypted_secret, key_id FROM vault.decrypted_secrets"
    named = f"{query} WHERE id = '{key}'".encode()
    assert made.execute(named).fetchone() == ("the name", "what for", "pa💧ss", None)
    assert value(made, "SELECT secret FROM vault.secrets WHERE id = %s", key) != "pa💧ss"
    value(made, "SELECT vault.update_secret(%s, new_secret := 'new')", key)
    assert made.execute(named).fetchone() == ("the name", "what for", "new", None)
    value(made, "SELECT vault.update_secret(%s, new_name := 'n', new_description := 'd')", key)
    assert made.execute(named).fetchone() == ("n", "d", "new", None)
    assert value(made, "SELECT decrypted_secret FROM vault.decrypted_secrets WHERE name IS NULL")
    assert error(made, "SELECT vault.create_secret('x', 'n')").sqlstate == "23505"
    made.execute("DELETE FROM vault.secrets WHERE id = %s", (unnamed,))
    assert value(made, "SELECT count(*) FROM vault.secrets") == 1


def test_only_service_role_gets_at_secrets(having: Creating) -> None:
    made = having("supabase_vault")
    value(made, "SELECT vault.create_secret('hidden', 'a')")
    made.execute("SET ROLE service_role")
    value(made, "SELECT vault.create_secret('another', 'b')")
    assert value(made, "SELECT count(decrypted_secret) FROM vault.decrypted_secrets") == 2
    made.execute("SET ROLE authenticated")
    for query in (
        "SELECT * FROM vault.decrypted_secrets",
        "SELECT * FROM vault.secrets",
        "SELECT vault.create_secret('x')",
    ):
        assert error(made, query).sqlstate == "42501"


def test_a_graphql_query_is_answered_with_an_error(having: Creating) -> None:
    made = having("pg_graphql", schema="graphql")
    made.execute("SET ROLE anon")
    for call in (
        "graphql.resolve($$ { accountCollection { edges } } $$)",
        "graphql.resolve(query := 'query A { __typename }', \"operationName\" := 'A')",
        "graphql_public.graphql(query := '{ __typename }')",
    ):
        answer = value(made, f"SELECT {call}")
        assert answer["data"] is None
        assert "stand-in of pytest-schema-parity" in answer["errors"][0]["message"]


def test_supabases_entry_point_belongs_to_the_extension(having: Creating) -> None:
    made = having("pg_graphql")
    arguments = "SELECT pg_get_function_arguments('graphql_public.graphql'::regproc)"
    assert value(made, arguments) == (
        '"operationName" text DEFAULT NULL::text, query text DEFAULT NULL::text, '
        "variables jsonb DEFAULT NULL::jsonb, extensions jsonb DEFAULT NULL::jsonb"
    )
    made.execute("DROP EXTENSION pg_graphql")
    assert value(made, "SELECT to_regproc('graphql_public.graphql')") is None


def test_directives_in_comments_are_read(having: Creating) -> None:
    made = having("pg_graphql")
    comment = 'the accounts @graphql({"name": "Account", "totalCount": {"enabled": true}})'
    assert value(made, "SELECT graphql.comment_directive(%s)", comment) == {
        "name": "Account",
        "totalCount": {"enabled": True},
    }
    for without in ("none", "", None):
        assert value(made, "SELECT graphql.comment_directive(%s::text)", without) == {}
