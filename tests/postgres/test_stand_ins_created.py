"""Create and drop the stand-ins for extensions of Supabase as migrations do.

Signatures, schemas and privileges are those of the originals, read off their sources.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import psycopg
import pytest

from pytest_schema_parity.platforms import STAND_INS, get_platform, installed_stand_ins
from pytest_schema_parity.postgres.cluster import start_cluster
from pytest_schema_parity.postgres.installation import Installation


class Original(NamedTuple):
    """What the original's control file and script say.

    ``schema`` is the only one that it can be created in; None stands for any.  ``requires`` is the
    extension that has to be in the same schema.
    """

    schema: str | None
    makes: frozenset[str]
    functions: str
    requires: str | None = None


ORIGINALS = {
    "http": Original(
        None,
        frozenset(),
        """\
bytea_to_text(data bytea) text iut
http(request http_request) http_response vuf
http_delete(uri character varying) http_response vuf
http_delete(uri character varying, content character varying, content_type character varying) \
http_response vuf
http_get(uri character varying) http_response vuf
http_get(uri character varying, data jsonb) http_response vuf
http_head(uri character varying) http_response vuf
http_header(field character varying, value character varying) http_header vuf
http_list_curlopt() TABLE(curlopt text, value text) vuf
http_patch(uri character varying, content character varying, content_type character varying) \
http_response vuf
http_post(uri character varying, content character varying, content_type character varying) \
http_response vuf
http_post(uri character varying, data jsonb) http_response vuf
http_put(uri character varying, content character varying, content_type character varying) \
http_response vuf
http_reset_curlopt() boolean vuf
http_set_curlopt(curlopt character varying, value character varying) boolean vuf
text_to_bytea(data text) bytea iut
urlencode(data jsonb) text iut
urlencode(string bytea) text iut
urlencode(string character varying) text iut
""",
    ),
    "pg_cron": Original(
        "pg_catalog",
        frozenset({"cron"}),
        """\
alter_job(job_id bigint, schedule text DEFAULT NULL::text, command text DEFAULT NULL::text, \
database text DEFAULT NULL::text, username text DEFAULT NULL::text, \
active boolean DEFAULT NULL::boolean) void vuf
job_cache_invalidate() trigger vuf
schedule(job_name text, schedule text, command text) bigint vuf
schedule(schedule text, command text) bigint vut
schedule_in_database(job_name text, schedule text, command text, database text, \
username text DEFAULT NULL::text, active boolean DEFAULT true) bigint vuf
unschedule(job_id bigint) boolean vut
unschedule(job_name text) boolean vut
""",
    ),
    "pg_graphql": Original(
        "graphql",
        frozenset(),
        """\
_internal_resolve(query text, variables jsonb DEFAULT '{}'::jsonb, \
"operationName" text DEFAULT NULL::text, extensions jsonb DEFAULT NULL::jsonb) jsonb vuf
comment_directive(comment_ text) jsonb iuf
exception(message text) text vuf
get_schema_version() integer vuf
increment_schema_version() event_trigger vuf
resolve(query text, variables jsonb DEFAULT '{}'::jsonb, \
"operationName" text DEFAULT NULL::text, extensions jsonb DEFAULT NULL::jsonb) jsonb vuf
""",
    ),
    "pg_jsonschema": Original(
        None,
        frozenset(),
        """\
json_matches_schema(schema json, instance json) boolean ist
jsonb_matches_schema(schema json, instance jsonb) boolean ist
jsonschema_is_valid(schema json) boolean ist
jsonschema_validation_errors(schema json, instance json) text[] ist
""",
    ),
    "pg_net": Original(
        None,
        frozenset({"net"}),
        """\
_await_response(request_id bigint) boolean vuf
_encode_url_with_params_array(url text, params_array text[]) text iuf
_http_collect_response(request_id bigint, async boolean DEFAULT true) net.http_response_result vuf
_urlencode_string(string character varying) text iuf
check_worker_is_up() void vuf
http_collect_response(request_id bigint, async boolean DEFAULT true) net.http_response_result vuf
http_delete(url text, params jsonb DEFAULT '{}'::jsonb, headers jsonb DEFAULT '{}'::jsonb, \
timeout_milliseconds integer DEFAULT 5000, body jsonb DEFAULT NULL::jsonb) bigint vuf
http_get(url text, params jsonb DEFAULT '{}'::jsonb, headers jsonb DEFAULT '{}'::jsonb, \
timeout_milliseconds integer DEFAULT 5000) bigint vuf
http_post(url text, body jsonb DEFAULT '{}'::jsonb, params jsonb DEFAULT '{}'::jsonb, \
headers jsonb DEFAULT '{"Content-Type": "application/json"}'::jsonb, \
timeout_milliseconds integer DEFAULT 5000) bigint vuf
wait_until_running() void vuf
wake() void vuf
worker_restart() boolean vuf
""",
    ),
    "pgjwt": Original(
        None,
        frozenset(),
        """\
algorithm_sign(signables text, secret text, algorithm text) text iuf
sign(payload json, secret text, algorithm text DEFAULT 'HS256'::text) text iuf
try_cast_double(inp text) double precision iuf
url_decode(data text) bytea iuf
url_encode(data bytea) text iuf
verify(token text, secret text, algorithm text DEFAULT 'HS256'::text) \
TABLE(header json, payload json, valid boolean) iuf
""",
        requires="pgcrypto",
    ),
    "supabase_vault": Original(
        "vault",
        frozenset(),
        """\
_crypto_aead_det_decrypt(message bytea, additional bytea, key_id bigint, \
context bytea DEFAULT '\\x7067736f6469756d'::bytea, nonce bytea DEFAULT NULL::bytea) bytea iuf
_crypto_aead_det_encrypt(message bytea, additional bytea, key_id bigint, \
context bytea DEFAULT '\\x7067736f6469756d'::bytea, nonce bytea DEFAULT NULL::bytea) bytea iuf
_crypto_aead_det_noncegen() bytea iuf
create_secret(new_secret text, new_name text DEFAULT NULL::text, \
new_description text DEFAULT ''::text, new_key_id uuid DEFAULT NULL::uuid) uuid vuf
update_secret(secret_id uuid, new_secret text DEFAULT NULL::text, \
new_name text DEFAULT NULL::text, new_description text DEFAULT NULL::text, \
new_key_id uuid DEFAULT NULL::uuid) void vuf
""",
    ),
}

_SIGNATURES = """
SELECT format(
    '%%s(%%s) %%s %%s%%s%%s', p.proname, pg_get_function_arguments(p.oid),
    pg_get_function_result(p.oid), provolatile, proparallel, proisstrict
)
FROM pg_proc AS p JOIN pg_depend AS d ON d.objid = p.oid AND d.classid = 'pg_proc'::regclass
    JOIN pg_extension AS e ON e.oid = d.refobjid AND d.deptype = 'e'
WHERE extname = %s AND p.proname !~ '^stand_in_'
    AND pronamespace::regnamespace::text <> 'graphql_public'  -- is added by Supabase
"""

_RESIDUE = """
SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname !~ '^pg_t'
UNION ALL SELECT 'relation ' || oid::regclass FROM pg_class WHERE oid >= 16384
UNION ALL SELECT 'function ' || oid::regprocedure FROM pg_proc WHERE oid >= 16384
UNION ALL SELECT 'type ' || oid::regtype FROM pg_type WHERE oid >= 16384
"""

OFFERED = sorted(ORIGINALS)


@pytest.fixture(scope="module", params=["none", "supabase", "supabase, no superuser"])
def server(request: pytest.FixtureRequest, installation: Installation) -> Iterator[str]:
    """A connection string for the role that applies migrations, of a platform."""
    name, _, without = str(request.param).partition(", ")
    platform = get_platform(name, superuser=not without)
    template = platform.template(installation)
    with start_cluster(installation, template=template, name="stand-ins") as cluster:
        yield cluster.conninfo("postgres", user=platform.role)


@pytest.fixture
def undone(server: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection to the platform's database; what it does is rolled back."""
    with psycopg.connect(server) as connection:
        connection.execute("CREATE SCHEMA IF NOT EXISTS extensions")
        yield connection
        connection.rollback()


@pytest.fixture(params=OFFERED)
def name(request: pytest.FixtureRequest, installation: Installation) -> str:
    """An extension that the server has only as a stand-in."""
    extension = str(request.param)
    if extension not in get_platform("none").stand_ins(installation):
        pytest.skip(f"{installation.bindir} includes {extension}, or cannot have a stand-in")
    return extension


def rows(connection: psycopg.Connection[Any], query: str, *parameters: object) -> list[Any]:
    found = connection.execute(query.encode(), parameters or None).fetchall()
    return [row[0] for row in found]


def create(connection: psycopg.Connection[Any], name: str, rest: str = "") -> None:
    if ORIGINALS[name].requires:
        rest = "SCHEMA extensions CASCADE"
    connection.execute(f'CREATE EXTENSION IF NOT EXISTS "{name}" {rest}'.encode())


def test_every_stand_in_is_described_here() -> None:
    assert set(ORIGINALS) == set(STAND_INS) - {"pgcrypto", "uuid-ossp"}


@pytest.mark.parametrize("target", [False, True], ids=["anywhere", "with schema"])
@pytest.mark.parametrize("options", ["", "IF NOT EXISTS"])
def test_it_is_created_as_migrations_do_and_dropped(
    undone: psycopg.Connection[Any], name: str, options: str, target: bool
) -> None:
    original = ORIGINALS[name]
    if original.requires:
        target = True
        undone.execute(b"CREATE EXTENSION IF NOT EXISTS pgcrypto SCHEMA extensions")
    schema = original.schema or ("extensions" if target else "public")
    if schema != "pg_catalog":
        undone.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'.encode())
    before = set(rows(undone, _RESIDUE))
    where = f'WITH SCHEMA "{schema}"' if target else ""
    undone.execute(f'CREATE EXTENSION {options} "{name}" {where}'.encode())
    undone.execute(f'CREATE EXTENSION IF NOT EXISTS "{name}" {where}'.encode())
    query = "SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = %s"
    assert rows(undone, query, name) == [schema]
    made = {f"schema {made}" for made in original.makes}
    assert {one for one in set(rows(undone, _RESIDUE)) - before if one[:6] == "schema"} == made
    assert name in installed_stand_ins(undone)
    undone.execute(f'DROP EXTENSION "{name}"'.encode())
    assert set(rows(undone, _RESIDUE)) == before


def test_it_is_refused_in_another_schema_where_the_original_is(
    undone: psycopg.Connection[Any], name: str
) -> None:
    schema = ORIGINALS[name].schema
    if schema is None:
        pytest.skip("it can be created in any schema")
    with pytest.raises(psycopg.errors.FeatureNotSupported, match=f'in schema "{schema}"'):
        create(undone, name, "SCHEMA extensions")


def test_the_functions_have_the_signatures_of_the_original(
    undone: psycopg.Connection[Any], name: str
) -> None:
    create(undone, name)
    assert sorted(rows(undone, _SIGNATURES, name)) == ORIGINALS[name].functions.splitlines()
