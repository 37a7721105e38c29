-- http without a client: requests can be built, and each that is made raises an error.

CREATE DOMAIN http_method AS text;
CREATE DOMAIN content_type AS text CHECK (VALUE ~ '^\S+\/\S+');

CREATE TYPE http_header AS (field varchar, value varchar);
CREATE TYPE http_response AS (
    status integer,
    content_type varchar,
    headers http_header[],
    content varchar
);
CREATE TYPE http_request AS (
    method http_method,
    uri varchar,
    headers http_header[],
    content_type varchar,
    content varchar
);

CREATE FUNCTION http(request http_request) RETURNS http_response
LANGUAGE plpgsql
AS $$
BEGIN
    RAISE feature_not_supported USING
        MESSAGE = 'nothing is sent',
        HINT = 'http here is a stand-in of pytest-schema-parity: it makes no requests.';
END
$$;
COMMENT ON FUNCTION http(http_request) IS 'Stand-in of pytest-schema-parity';

CREATE FUNCTION http_header(field varchar, value varchar) RETURNS http_header
LANGUAGE sql
RETURN ROW($1, $2)::http_header;

-- Options are taken and forgotten.
CREATE FUNCTION http_set_curlopt(curlopt varchar, value varchar) RETURNS boolean
LANGUAGE sql
RETURN true;

CREATE FUNCTION http_reset_curlopt() RETURNS boolean
LANGUAGE sql
RETURN true;

CREATE FUNCTION http_list_curlopt() RETURNS TABLE (curlopt text, value text)
LANGUAGE sql
BEGIN ATOMIC
    SELECT NULL::text, NULL::text WHERE false;
END;

CREATE FUNCTION text_to_bytea(data text) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT
RETURN convert_to(data, getdatabaseencoding());

CREATE FUNCTION bytea_to_text(data bytea) RETURNS text
LANGUAGE sql IMMUTABLE STRICT
RETURN convert_from(data, getdatabaseencoding());

CREATE FUNCTION urlencode(string bytea) RETURNS text
LANGUAGE sql IMMUTABLE STRICT
RETURN (
    SELECT coalesce(
        string_agg(
            CASE
                WHEN chr(byte) ~ '[A-Za-z0-9_.~-]' THEN chr(byte)
                WHEN byte = 32 THEN '+'
                ELSE '%' || upper(lpad(to_hex(byte), 2, '0'))
            END,
            '' ORDER BY i
        ),
        ''
    )
    FROM generate_series(0, length(string) - 1) AS i,
        LATERAL (SELECT get_byte(string, i)) AS one(byte)
);

CREATE FUNCTION urlencode(string varchar) RETURNS text
LANGUAGE sql IMMUTABLE STRICT
RETURN urlencode(text_to_bytea(string::text));

CREATE FUNCTION urlencode(data jsonb) RETURNS text
LANGUAGE sql IMMUTABLE STRICT
RETURN (
    SELECT coalesce(
        string_agg(
            urlencode(key::varchar) || '=' || urlencode(coalesce(value, '')::varchar), '&'
        ),
        ''
    )
    FROM jsonb_each_text(data)
);

CREATE FUNCTION http_get(uri varchar) RETURNS http_response
LANGUAGE sql
RETURN http(ROW('GET', $1, NULL, NULL, NULL)::http_request);

CREATE FUNCTION http_get(uri varchar, data jsonb) RETURNS http_response
LANGUAGE sql
RETURN http(ROW('GET', $1 || '?' || urlencode($2), NULL, NULL, NULL)::http_request);

CREATE FUNCTION http_post(uri varchar, content varchar, content_type varchar)
RETURNS http_response
LANGUAGE sql
RETURN http(ROW('POST', $1, NULL, $3, $2)::http_request);

CREATE FUNCTION http_post(uri varchar, data jsonb) RETURNS http_response
LANGUAGE sql
RETURN http(
    ROW('POST', $1, NULL, 'application/x-www-form-urlencoded', urlencode($2))::http_request
);

CREATE FUNCTION http_put(uri varchar, content varchar, content_type varchar)
RETURNS http_response
LANGUAGE sql
RETURN http(ROW('PUT', $1, NULL, $3, $2)::http_request);

CREATE FUNCTION http_patch(uri varchar, content varchar, content_type varchar)
RETURNS http_response
LANGUAGE sql
RETURN http(ROW('PATCH', $1, NULL, $3, $2)::http_request);

CREATE FUNCTION http_delete(uri varchar) RETURNS http_response
LANGUAGE sql
RETURN http(ROW('DELETE', $1, NULL, NULL, NULL)::http_request);

CREATE FUNCTION http_delete(uri varchar, content varchar, content_type varchar)
RETURNS http_response
LANGUAGE sql
RETURN http(ROW('DELETE', $1, NULL, $3, $2)::http_request);

CREATE FUNCTION http_head(uri varchar) RETURNS http_response
LANGUAGE sql
RETURN http(ROW('HEAD', $1, NULL, NULL, NULL)::http_request);
