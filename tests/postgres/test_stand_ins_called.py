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
