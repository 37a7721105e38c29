"""The stand-ins for pg_jsonschema and http, whose calls raise an error: no answer is made up."""

from __future__ import annotations

import urllib.parse

import pytest
from support.stand_ins import Creating, error, having, server, value

__all__ = ["having", "server"]


@pytest.mark.parametrize(
    "call",
    [
        "json_matches_schema('{}', '{}')",
        "jsonb_matches_schema('{}', '{}')",
        "jsonschema_is_valid('{}')",
        "jsonschema_validation_errors('{}', '{}')",
    ],
)
def test_no_json_schema_is_evaluated(having: Creating, call: str) -> None:
    made = having("pg_jsonschema", schema="extensions")
    refused = error(made, f"SELECT extensions.{call}")
    assert refused.sqlstate == "0A000"
    assert refused.diag.message_primary == f"{call.partition('(')[0]}() is not evaluated"
    assert "stand-in of pytest-schema-parity" in (refused.diag.message_hint or "")


def test_a_check_on_a_json_schema_neither_passes_nor_fails_a_row(having: Creating) -> None:
    made = having("pg_jsonschema", schema="extensions")
    made.execute("""CREATE TABLE public.customer (
        metadata json CHECK (extensions.json_matches_schema('{"type": "object"}', metadata))
    )""")
    for data in ("{}", "1"):
        assert error(made, f"INSERT INTO public.customer VALUES ('{data}')").sqlstate == "0A000"
    made.execute("INSERT INTO public.customer VALUES (NULL)")


@pytest.mark.parametrize(
    "call",
    [
        "http_get('http://localhost')",
        "http_get('http://localhost', '{\"a\": 1}')",
        "http_head('http://localhost')",
        "http_post('http://localhost', '{}', 'application/json')",
        "http_post('http://localhost', '{\"a\": 1}')",
        "http_put('http://localhost', 'a', 'text/plain')",
        "http_patch('http://localhost', 'a', 'text/plain')",
        "http_delete('http://localhost')",
        "http_delete('http://localhost', 'a', 'text/plain')",
        "http(('GET', 'http://localhost', ARRAY[http_header('a', 'b')], NULL, NULL)::http_request)",
    ],
)
def test_no_request_is_made(having: Creating, call: str) -> None:
    made = having("http", schema="extensions")
    made.execute("SET LOCAL search_path = extensions")
    refused = error(made, f"SELECT status, content::json FROM {call}")
    assert refused.sqlstate == "0A000"
    assert refused.diag.message_primary == "nothing is sent"
    assert "stand-in of pytest-schema-parity" in (refused.diag.message_hint or "")


def test_what_needs_no_request_works(having: Creating) -> None:
    made = having("http", schema="extensions")
    text = "my special string's & things? ü~-_.*"
    encoded = urllib.parse.quote_plus(text)
    for kind in ("varchar", "bytea"):
        sent = text if kind == "varchar" else text.encode()
        assert value(made, f"SELECT extensions.urlencode(%s::{kind})", sent) == encoded
    data = """'{"a": 1, "b c": "x y"}'::jsonb"""
    assert value(made, f"SELECT extensions.urlencode({data})") == "a=1&b+c=x+y"
    assert value(made, "SELECT (extensions.http_header('a', 'b')).value") == "b"
    assert value(made, "SELECT extensions.text_to_bytea('ü')") == "ü".encode()
    assert value(made, "SELECT extensions.bytea_to_text(%s)", "ü".encode()) == "ü"
    assert value(made, "SELECT extensions.http_set_curlopt('CURLOPT_TIMEOUT', '1')") is True
    assert value(made, "SELECT count(*) FROM extensions.http_list_curlopt()") == 0
