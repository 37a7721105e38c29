"""Secrets of the vault and of HTTP headers are hidden; harmless text beside them is shown."""

from __future__ import annotations

import pytest

from pytest_schema_parity.showing import redact, redact_line, redact_message


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("vault.create_secret('s3cret', 'name')", "vault.create_secret('***', 'name')"),
        ("SELECT create_secret ( $$s3,cret$$ )", "SELECT create_secret ( '***' )"),
        (
            "\"vault\".\"create_secret\"(E's3\\'cret', 'n')",
            "\"vault\".\"create_secret\"('***', 'n')",
        ),
        (
            "EXECUTE 'SELECT vault.create_secret(''s3cret'', ''n'')';",
            "EXECUTE 'SELECT vault.create_secret(''***'', ''n'')';",
        ),
        (
            "create_secret(encode('s3cret', 'hex'), 'n'); f('a')",
            "create_secret(encode('***', '***'), 'n'); f('a')",
        ),
        (
            "PERFORM vault.update_secret(v_id, 's3cret', 'n')",
            "PERFORM vault.update_secret(v_id, '***', 'n')",
        ),
        (
            "create_secret(new_name => n, new_secret => lower('s3cret'), x => 'a')",
            "create_secret(new_name => n, new_secret => lower('***'), x => 'a')",
        ),
        ("f(a, new_secret := 's3cret')", "f(a, new_secret := '***')"),
        (
            "INSERT INTO vault.secrets (secret, name) VALUES ('s3cret', n), ('s3cret', n); f('a')",
            "INSERT INTO vault.secrets (secret, name) VALUES ('***', n), ('***', n); f('a')",
        ),
        (
            "EXECUTE 'INSERT INTO vault.secrets (secret) VALUES (''s3cret'')'; f('a')",
            "EXECUTE 'INSERT INTO vault.secrets (secret) VALUES (''***'')'; f('a')",
        ),
        (
            "insert into \"vault\".\"secrets\" (secret) select 's3cret' where not f('a')",
            "insert into \"vault\".\"secrets\" (secret) select '***' where not f('a')",
        ),
        (
            "UPDATE vault.secrets SET name = n, secret = 's3cret' WHERE name = 'a'",
            "UPDATE vault.secrets SET name = n, secret = '***' WHERE name = 'a'",
        ),
        ("vault.create_secret('s3cr", "vault.create_secret('***'"),
        ("vault.create_secret(/* s3cr", "vault.create_secret('***'"),
    ],
)
def test_a_secret_of_the_vault_is_hidden(text: str, shown: str) -> None:
    assert redact(text) == shown
    assert redact(shown) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('\'{"Authorization": "Bearer s3cret"}\'', '\'{"Authorization": "Bearer ***"}\''),
        ("('Authorization', 'Bearer eyJ.s3-cret')", "('Authorization', 'Bearer ***')"),
        ("EXECUTE 'f(''Bearer s3cret'')'", "EXECUTE 'f(''Bearer ***'')'"),
        (r'"{\"authorization\": \"bearer secret\"}"', r'"{\"authorization\": \"bearer ***\"}"'),
        ("f('Bearer ' || 's3cret', 'a')", "f('Bearer ' || '***', 'a')"),
        ("f('Bearer ' || $$s3cret$$, 'a')", "f('Bearer ' || '***', 'a')"),
        ("'Bearer s3cr", "'Bearer ***"),
        ('\'{"apikey": "s3cret", "a": "b"}\'', '\'{"apikey": "***", "a": "b"}\''),
        (r'"{\"apikey\": \"s3cret\"}"', r'"{\"apikey\": \"***\"}"'),
        ('{"x-api-key":"s3cret"}', '{"x-api-key":"***"}'),
        (
            "jsonb_build_object('a', 'b', 'apikey', 's3cret', 'c', 'd')",
            "jsonb_build_object('a', 'b', 'apikey', '***', 'c', 'd')",
        ),
        (
            "EXECUTE 'f(json_build_object(''apikey'', ''s3cret''))'",
            "EXECUTE 'f(json_build_object(''apikey'', ''***''))'",
        ),
    ],
)
def test_a_secret_in_a_header_is_hidden(text: str, shown: str) -> None:
    assert redact(text) == shown
    assert redact(shown) == shown


@pytest.mark.parametrize(
    "text",
    [
        "SELECT create_secret_table('a', 'b')",
        "SELECT my_create_secret('a')",
        "SELECT vault.create_secret(v_secret, 'name')",
        "function vault.create_secret(text, text) COMMENT IS 'a'",
        "CREATE FUNCTION update_secret(id uuid, new_secret text DEFAULT NULL, n text DEFAULT 'a')",
        "CREATE FUNCTION create_secret(new_secret text) AS 'a'",
        "SELECT id FROM vault.secrets WHERE name = 'a'",
        "DELETE FROM vault.secrets WHERE name = 'a'",
        "INSERT INTO vault.secrets_log (a) VALUES ('a')",
        "the bearer of this letter",
        "RAISE EXCEPTION 'Bearer authentication is required'",
        "RAISE EXCEPTION 'bearer required'",
        "format('Bearer %s', v_key)",
        "'Bearer ' || current_setting('app.a')",
        "kind IN ('apikey', 'google')",
        "jsonb_build_object('apikey', v_key, 'a', 'b')",
        '{"apikey": null, "a": "b"}',
    ],
)
def test_text_beside_calls_and_headers_is_not_changed(text: str) -> None:
    assert redact(text) == text


def test_a_message_and_a_line_do_not_show_a_secret_of_the_vault() -> None:
    statement = "SELECT vault.create_secret(\n  's3cret', 'name')"
    assert redact_message('invalid value "s3cret" of "name"', statement) == (
        'invalid value "***" of "name"'
    )
    assert redact_line(statement, statement.index("cret'")) == ("  '***'", ", 'name')")


@pytest.mark.parametrize(
    "unit",
    [
        "create_secret(",
        "create_secret('",
        "create_secret('a'",
        "create_secret(/*",
        "create_secret('')",
        "new_secret := ",
        "insert into vault.secrets ",
        "insert into vault.secrets values (",
        "update vault.secrets set \\",
        "'Bearer ",
        "'Bearer a' ",
        "'Bearer ' || ",
        "'Bearer ' || '",
        "authorization ",
        "'apikey', ",
        "build_object('apikey', '",
        '"apikey": "',
    ],
)
def test_hostile_calls_and_headers_are_redacted_in_short_time(unit: str) -> None:
    redact(unit * 20_000)
    redact(unit + "\\" * 20_000 + " key")
