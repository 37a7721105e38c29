-- pgjwt: the same functions, on hmac() of pgcrypto, which has to be in the same schema.

CREATE FUNCTION url_encode(data bytea) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN translate(encode(data, 'base64'), E'+/=\n', '-_');
COMMENT ON FUNCTION url_encode(bytea) IS 'Stand-in of pytest-schema-parity';

CREATE FUNCTION url_decode(data text) RETURNS bytea
LANGUAGE sql IMMUTABLE
RETURN decode(translate(data, '-_', '+/') || repeat('=', (4 - length(data) % 4) % 4), 'base64');

CREATE FUNCTION algorithm_sign(signables text, secret text, algorithm text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN @extschema@.url_encode(@extschema@.hmac(
    signables,
    secret,
    CASE algorithm
        WHEN 'HS256' THEN 'sha256' WHEN 'HS384' THEN 'sha384' WHEN 'HS512' THEN 'sha512' ELSE ''
    END
));

CREATE FUNCTION sign(payload json, secret text, algorithm text DEFAULT 'HS256') RETURNS text
LANGUAGE sql IMMUTABLE
RETURN (
    SELECT signed || '.' || @extschema@.algorithm_sign(signed, secret, algorithm)
    FROM concat_ws(
        '.',
        @extschema@.url_encode(
            convert_to('{"alg":"' || algorithm || '","typ":"JWT"}', 'utf8')
        ),
        @extschema@.url_encode(convert_to(payload::text, 'utf8'))
    ) AS signed
    WHERE payload IS NOT NULL AND algorithm IS NOT NULL
);

CREATE FUNCTION try_cast_double(inp text) RETURNS double precision
LANGUAGE plpgsql IMMUTABLE
AS $$
BEGIN
    RETURN inp::double precision;
EXCEPTION
    WHEN OTHERS THEN RETURN NULL;
END
$$;

CREATE FUNCTION verify(token text, secret text, algorithm text DEFAULT 'HS256')
RETURNS TABLE (header json, payload json, valid boolean)
LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
    SELECT
        convert_from(@extschema@.url_decode(part[1]), 'utf8')::json,
        claims,
        part[3] = @extschema@.algorithm_sign(part[1] || '.' || part[2], secret, algorithm)
            AND tstzrange(
                to_timestamp(@extschema@.try_cast_double(claims ->> 'nbf')),
                to_timestamp(@extschema@.try_cast_double(claims ->> 'exp'))
            ) @> CURRENT_TIMESTAMP
    FROM
        regexp_split_to_array(token, '\.') AS part,
        LATERAL (SELECT convert_from(@extschema@.url_decode(part[2]), 'utf8')::json) AS decoded(claims);
END;
