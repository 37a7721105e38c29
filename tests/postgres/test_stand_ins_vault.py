"""Call the stand-ins for supabase_vault, pg_graphql and pgjwt as their documentation does."""

from __future__ import annotations

import base64
import hmac
import json

import pytest
from support.stand_ins import Creating, error, having, server, value

__all__ = ["having", "server"]


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


def jwt(algorithm: str, digest: str, payload: str, secret: str) -> str:
    """A token, made by Python."""

    def encoded(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).decode().rstrip("=")

    header = f'{{"alg":"{algorithm}","typ":"JWT"}}'
    signed = f"{encoded(header.encode())}.{encoded(payload.encode())}"
    return f"{signed}.{encoded(hmac.digest(secret.encode(), signed.encode(), digest))}"


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_tokens_are_signed_and_verified(having: Creating, algorithm: str) -> None:
    made = having("pgjwt", schema="extensions")
    claims = {"sub": "12", "name": "J\N{SNOWMAN}hn", "long": "x" * 200, "nbf": 1, "exp": 4e9}
    payload = json.dumps(claims, ensure_ascii=False)
    token = jwt(algorithm, f"sha{algorithm[2:]}", payload, "s\N{SNOWMAN}cret")
    sign = "SELECT extensions.sign(%s::json, 's\N{SNOWMAN}cret', %s)"
    assert value(made, sign, payload, algorithm) == token
    made.execute("SET LOCAL search_path = ''")
    verify = "SELECT * FROM extensions.verify(%s, %s, %s)"
    header = {"alg": algorithm, "typ": "JWT"}
    for secret, valid in (("s\N{SNOWMAN}cret", True), ("other", False)):
        found = made.execute(verify.encode(), (token, secret, algorithm)).fetchone()
        assert found == (header, claims, valid)


def test_a_token_is_valid_in_its_time_only(having: Creating) -> None:
    made = having("pgjwt", schema="extensions")
    for times, valid in (('{"exp": 1}', False), ('{"nbf": 4e9}', False), ('{"exp": "x"}', True)):
        call = "SELECT valid FROM extensions.verify(extensions.sign(%s::json, 'k'), 'k')"
        assert value(made, call, times) is valid


def test_pgjwt_needs_pgcrypto_in_its_schema(having: Creating) -> None:
    made = having("pgjwt", schema="extensions")
    assert error(made, "SELECT extensions.sign('{}', 'k', 'none')").sqlstate == "22023"
    for data in (b"", b"a", b"ab", b"abc", bytes(range(256))):
        encoded = value(made, "SELECT extensions.url_encode(%s)", data)
        assert encoded == base64.urlsafe_b64encode(data).decode().rstrip("=")
        assert value(made, "SELECT extensions.url_decode(%s)", encoded) == data
    made.execute("DROP EXTENSION pgjwt")
    assert error(made, "CREATE EXTENSION pgjwt SCHEMA public").sqlstate == "42883"
