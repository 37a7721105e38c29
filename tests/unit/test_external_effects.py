"""COPY in a function's body: to and from files it reaches outside, whatever way it is written."""

from __future__ import annotations

import pytest

from pytest_schema_parity.behavior.statements.external_effects import reaching_outside

REACHING = [
    "COPY t TO '/tmp/x'",
    "copy public.t (a, b) from '/tmp/x' with (format csv)",
    "COPY t TO PROGRAM 'cat'",
    "COPY t FROM $$/tmp/x$$",
    "COPY t TO $path$/tmp/x$path$",
    "COPY t TO E'/tmp/x'",
    "COPY \"My Table\" TO U&'/tmp/x'",
    "COPY public . \"t\"(a)\nTO '/tmp/x'",
    "COPY (SELECT a FROM t) TO '/tmp/x'",
    "COPY (SELECT max(a) FROM t WHERE b IN (1)) TO E'/tmp/x'",
    "EXECUTE format('COPY t TO %L', path)",
    "EXECUTE format('COPY %I.%I TO %L', a, b, path)",
    "EXECUTE format('COPY (%s) TO %L', query, path)",
    "EXECUTE 'COPY t TO ' || quote_literal(path)",
    "EXECUTE 'COPY t TO ''/tmp/x'' CSV'",
    "EXECUTE 'COPY ' || name || ' TO ' || quote_literal(path)",
    "EXECUTE $q$COPY $q$ || name || $q$ FROM $q$ || path",
    "EXECUTE concat('COPY ', name, ' TO ', path)",
    "-- a copy\nCOPY t TO '/tmp/x'",
]
HARMLESS = [
    "COPY t TO STDOUT",
    "COPY t (a) FROM stdin WITH (FORMAT csv)",
    "COPY (SELECT a FROM t) TO STDOUT",
    "SELECT copy FROM t",
    "SELECT t.copy, a FROM t",
    'SELECT "copy" AS a FROM t',
    "SELECT copy AS a FROM t",
    "SELECT a FROM t WHERE copy IS NULL",
    "IF new.kind IN ('copy', 'move') THEN RETURN new; END IF; SELECT a FROM t",
    "  -- copy rows to the archive\n  INSERT INTO archive SELECT a FROM t",
    "UPDATE t SET copy_to = 'x', is_copy = true FROM u",
    "UPDATE t SET http_status = 200, http = true, http_post = url",
    "SELECT url FROM t WHERE url LIKE 'http://%'",
    "SELECT planet.http_port, cronicle.job FROM planet",
]

LASTING = [
    "pg_create_physical_replication_slot('s')",
    "pg_create_logical_replication_slot('s', 'pgoutput')",
    "pg_drop_replication_slot('s')",
    "pg_copy_logical_replication_slot('s', 't')",
    "pg_replication_slot_advance('s', '0/0')",
    "pg_logical_slot_get_changes('s', NULL, NULL)",
    "pg_logical_emit_message(false, 'a', 'b')",
    "pg_stat_reset_shared('wal')",
    "pg_backup_start('label')",
    "pg_wal_replay_pause()",
    "http_get('https://example.org')",
    "http (('POST', 'https://example.org', NULL, NULL, NULL))",
    "extensions.http_post('https://example.org', '{}', 'application/json')",
    '"extensions"."http_delete"(\'https://example.org\')',
    "net.http_post(url := 'https://example.org')",
    '"net" . "http_post"(url := \'https://example.org\')',
    "cron.schedule('* * * * *', 'SELECT 1')",
    '"cron"."unschedule"(1)',
    "EXECUTE 'ALTER SUBSCRIPTION s DISABLE'",
    "EXECUTE 'CREATE FOREIGN TABLE far () SERVER s'",
]
"""What no rollback undoes."""


def reason(body: str) -> str:
    function = {"name": "f", "body": f"BEGIN\n{body};\nEND", "language": "plpgsql", "trusted": True}
    table = {
        "columns": [{"default": "f()", "expression": None}],
        "checks": [], "keys": [], "triggers": [], "rules": [], "policies": [], "foreign_keys": [],
    }  # fmt: skip
    document = {"functions": {"f": function}, "tables": {"public.t": table}, "views": {}}
    return reaching_outside(document).get("public.t", "")


@pytest.mark.parametrize("body", REACHING)
def test_copy_to_and_from_files_reaches_outside(body: str) -> None:
    assert "f uses copy" in reason(body).lower()


@pytest.mark.parametrize("body", HARMLESS)
def test_what_only_reads_like_it_does_not(body: str) -> None:
    assert reason(body) == ""


@pytest.mark.parametrize("call", LASTING)
def test_what_survives_a_rollback_reaches_outside(call: str) -> None:
    assert reason(f"PERFORM {call}").startswith("f uses ")
