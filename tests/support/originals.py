"""What stand-ins are for: schemas and signatures of the originals, read off their sources."""

from __future__ import annotations

from typing import NamedTuple


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
    "pgmq": Original(
        "pgmq",
        frozenset(),
        """\
_belongs_to_pgmq(table_name text) boolean vuf
_ensure_pg_partman_installed() void vuf
_extension_exists(extension_name text) boolean vuf
acquire_queue_lock(queue_name text) void vuf
archive(queue_name text, msg_id bigint) boolean vuf
archive(queue_name text, msg_ids bigint[]) SETOF bigint vuf
convert_archive_partitioned(table_name text, partition_interval text DEFAULT '10000'::text, \
retention_interval text DEFAULT '100000'::text, leading_partition integer DEFAULT 10) void vuf
create(queue_name text) void vuf
create_non_partitioned(queue_name text) void vuf
create_partitioned(queue_name text, partition_interval text DEFAULT '10000'::text, \
retention_interval text DEFAULT '100000'::text) void vuf
create_unlogged(queue_name text) void vuf
delete(queue_name text, msg_id bigint) boolean vuf
delete(queue_name text, msg_ids bigint[]) SETOF bigint vuf
detach_archive(queue_name text) void vuf
drop_queue(queue_name text) boolean vuf
drop_queue(queue_name text, partitioned boolean) boolean vuf
format_table_name(queue_name text, prefix text) text vuf
list_queues() SETOF pgmq.queue_record vuf
metrics(queue_name text) pgmq.metrics_result vuf
metrics_all() SETOF pgmq.metrics_result vuf
pop(queue_name text) SETOF pgmq.message_record vuf
purge_queue(queue_name text) bigint vuf
read(queue_name text, vt integer, qty integer, conditional jsonb DEFAULT '{}'::jsonb) \
SETOF pgmq.message_record vuf
read_with_poll(queue_name text, vt integer, qty integer, max_poll_seconds integer DEFAULT 5, \
poll_interval_ms integer DEFAULT 100, conditional jsonb DEFAULT '{}'::jsonb) \
SETOF pgmq.message_record vuf
send(queue_name text, msg jsonb) SETOF bigint vuf
send(queue_name text, msg jsonb, delay integer) SETOF bigint vuf
send(queue_name text, msg jsonb, delay timestamp with time zone) SETOF bigint vuf
send(queue_name text, msg jsonb, headers jsonb) SETOF bigint vuf
send(queue_name text, msg jsonb, headers jsonb, delay integer) SETOF bigint vuf
send(queue_name text, msg jsonb, headers jsonb, delay timestamp with time zone) SETOF bigint vuf
send_batch(queue_name text, msgs jsonb[]) SETOF bigint vuf
send_batch(queue_name text, msgs jsonb[], delay integer) SETOF bigint vuf
send_batch(queue_name text, msgs jsonb[], delay timestamp with time zone) SETOF bigint vuf
send_batch(queue_name text, msgs jsonb[], headers jsonb[]) SETOF bigint vuf
send_batch(queue_name text, msgs jsonb[], headers jsonb[], delay integer) SETOF bigint vuf
send_batch(queue_name text, msgs jsonb[], headers jsonb[], delay timestamp with time zone) \
SETOF bigint vuf
set_vt(queue_name text, msg_id bigint, vt integer) SETOF pgmq.message_record vuf
validate_queue_name(queue_name text) void vuf
""",
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
