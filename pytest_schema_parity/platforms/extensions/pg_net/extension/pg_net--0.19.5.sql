-- pg_net without its worker: a request is a row of the queue, and nothing is ever sent.

CREATE SCHEMA net;

CREATE DOMAIN net.http_method AS text
CHECK (value ILIKE 'get' OR value ILIKE 'post' OR value ILIKE 'delete');

CREATE UNLOGGED TABLE net.http_request_queue (
    id bigserial,
    method net.http_method NOT NULL,
    url text NOT NULL,
    headers jsonb,
    body bytea,
    timeout_milliseconds integer NOT NULL
);

CREATE UNLOGGED TABLE net._http_response (
    id bigint,
    status_code integer,
    content_type text,
    headers jsonb,
    content text,
    timed_out boolean,
    error_msg text,
    created timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON net._http_response (created);

CREATE TYPE net.request_status AS ENUM ('PENDING', 'SUCCESS', 'ERROR');
CREATE TYPE net.http_response AS (status_code integer, headers jsonb, body text);
CREATE TYPE net.http_response_result AS (
    status net.request_status,
    message text,
    response net.http_response
);

-- There is no worker: these three do as if there were one, so that what asks for it goes on.
CREATE FUNCTION net.check_worker_is_up() RETURNS void
LANGUAGE sql
BEGIN ATOMIC
END;
COMMENT ON FUNCTION net.check_worker_is_up() IS 'Stand-in of pytest-schema-parity';

CREATE FUNCTION net.wait_until_running() RETURNS void
LANGUAGE sql
BEGIN ATOMIC
END;

CREATE FUNCTION net.wake() RETURNS void
LANGUAGE sql
BEGIN ATOMIC
END;

CREATE FUNCTION net.worker_restart() RETURNS boolean
LANGUAGE sql
RETURN true;

CREATE FUNCTION net._await_response(request_id bigint) RETURNS boolean
LANGUAGE plpgsql
AS $$
BEGIN
    IF EXISTS (SELECT FROM net._http_response AS r WHERE r.id = request_id) THEN
        RETURN true;
    END IF;
    RAISE feature_not_supported USING
        MESSAGE = pg_catalog.format('no response to request %s will come', request_id),
        HINT = 'pg_net here is a stand-in of pytest-schema-parity: it sends nothing.';
END
$$;

CREATE FUNCTION net._urlencode_string(string varchar) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE string WHEN '' THEN '' ELSE (
    SELECT string_agg(
        CASE
            WHEN part ~ '[A-Za-z0-9._~-]' THEN part
            ELSE regexp_replace(upper(encode(convert_to(part, 'UTF8'), 'hex')), '(..)', '%\1', 'g')
        END,
        '' ORDER BY i
    )
    FROM regexp_split_to_table(string, '') WITH ORDINALITY AS piece(part, i)
) END;

-- A URL without a path gets the path /, and parameters go before a fragment.
CREATE FUNCTION net._encode_url_with_params_array(url text, params_array text[]) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN (
    SELECT base
        || CASE WHEN cardinality(params_array) = 0 THEN ''
            WHEN position('?' IN base) > 0 THEN '&'
            ELSE '?' END
        || array_to_string(params_array, '&')
        || coalesce(substring(url FROM '#.*$'), '')
    FROM regexp_replace(
        regexp_replace(url, '#.*$', ''), '^([A-Za-z][A-Za-z0-9+.-]*://[^/?]+)(\?|$)', '\1/\2'
    ) AS base
);

CREATE FUNCTION net.stand_in_url(url text, params jsonb) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN net._encode_url_with_params_array(
    url,
    (
        SELECT coalesce(
            array_agg(
                net._urlencode_string(key::varchar) || '='
                || net._urlencode_string(value::varchar)
            ),
            '{}'
        )
        FROM jsonb_each_text(params)
    )
);

CREATE FUNCTION net.http_get(
    url text,
    params jsonb DEFAULT '{}'::jsonb,
    headers jsonb DEFAULT '{}'::jsonb,
    timeout_milliseconds integer DEFAULT 5000
) RETURNS bigint
LANGUAGE sql
BEGIN ATOMIC
    INSERT INTO net.http_request_queue (method, url, headers, timeout_milliseconds)
    VALUES ('GET', net.stand_in_url($1, $2), $3, $4)
    RETURNING id;
END;

CREATE FUNCTION net.http_post(
    url text,
    body jsonb DEFAULT '{}'::jsonb,
    params jsonb DEFAULT '{}'::jsonb,
    headers jsonb DEFAULT '{"Content-Type": "application/json"}'::jsonb,
    timeout_milliseconds integer DEFAULT 5000
) RETURNS bigint
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
    content_type text = (
        SELECT header.value FROM pg_catalog.jsonb_each_text($4) AS header
        WHERE pg_catalog.lower(header.key) OPERATOR(pg_catalog.=) 'content-type'
        LIMIT 1
    );
    request_id bigint;
BEGIN
    IF content_type OPERATOR(pg_catalog.<>) 'application/json' THEN
        RAISE EXCEPTION 'Content-Type header must be "application/json"';
    END IF;
    INSERT INTO net.http_request_queue (method, url, headers, body, timeout_milliseconds)
    VALUES (
        'POST',
        net.stand_in_url($1, $3),
        CASE
            WHEN content_type IS NULL
                THEN $4 OPERATOR(pg_catalog.||) '{"Content-Type": "application/json"}'
            ELSE $4
        END,
        pg_catalog.convert_to($2::text, 'UTF8'),
        $5
    )
    RETURNING id INTO request_id;
    RETURN request_id;
END
$$;

CREATE FUNCTION net.http_delete(
    url text,
    params jsonb DEFAULT '{}'::jsonb,
    headers jsonb DEFAULT '{}'::jsonb,
    timeout_milliseconds integer DEFAULT 5000,
    body jsonb DEFAULT NULL
) RETURNS bigint
LANGUAGE sql
BEGIN ATOMIC
    INSERT INTO net.http_request_queue (method, url, headers, body, timeout_milliseconds)
    VALUES ('DELETE', net.stand_in_url($1, $2), $3, convert_to($5::text, 'UTF8'), $4)
    RETURNING id;
END;

CREATE FUNCTION net._http_collect_response(request_id bigint, async boolean DEFAULT true)
RETURNS net.http_response_result
LANGUAGE plpgsql
AS $$
DECLARE
    found_one net._http_response;
BEGIN
    IF NOT async THEN
        PERFORM net._await_response(request_id);
    END IF;
    SELECT * INTO found_one FROM net._http_response AS r WHERE r.id = request_id;
    IF found_one.id IS NULL OR found_one.error_msg IS NOT NULL THEN
        RETURN (
            'ERROR', coalesce(found_one.error_msg, 'request matching request_id not found'), NULL
        )::net.http_response_result;
    END IF;
    RETURN (
        'SUCCESS', 'ok',
        (found_one.status_code, found_one.headers, found_one.content)::net.http_response
    )::net.http_response_result;
END
$$;

CREATE FUNCTION net.http_collect_response(request_id bigint, async boolean DEFAULT true)
RETURNS net.http_response_result
LANGUAGE plpgsql
AS $$
BEGIN
    RAISE NOTICE 'The net.http_collect_response function is deprecated.';
    RETURN net._http_collect_response(request_id, async);
END
$$;

GRANT USAGE ON SCHEMA net TO PUBLIC;
GRANT ALL ON ALL SEQUENCES IN SCHEMA net TO PUBLIC;
-- Not ALL: with REFERENCES or TRIGGER, code of other roles may run as the owner.
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA net TO PUBLIC;

-- Supabase names its roles, too.
DO $do$
BEGIN
    IF pg_catalog.to_regrole('supabase_functions_admin') IS NOT NULL THEN
        GRANT USAGE ON SCHEMA net
            TO supabase_functions_admin, postgres, anon, authenticated, service_role;
    END IF;
END
$do$;
