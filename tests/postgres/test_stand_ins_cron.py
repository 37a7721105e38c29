"""Call the stand-ins for pg_net and pg_cron as their documentation does."""

from __future__ import annotations

import pytest
from support.stand_ins import Creating, error, having, server, value

__all__ = ["having", "server"]


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
    typed = {"Content-Type": "application/json"}
    assert made.execute(queue.encode()).fetchall() == [
        (first, "GET", "http://a.b/?x=1&e=&q%20r=%C3%BC%26#f", {}, None, 5000),
        (second, "POST", "https://a.b/p", typed, b'{"a": 1}', 5000),
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
