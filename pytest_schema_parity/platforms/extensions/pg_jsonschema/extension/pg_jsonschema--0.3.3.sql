-- pg_jsonschema without a validator: every call raises an error, so that no CHECK that makes one
-- lets a row pass, or refuses it, for a wrong reason.

CREATE FUNCTION json_matches_schema(schema json, instance json) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS $$
BEGIN
    RAISE feature_not_supported USING
        MESSAGE = 'json_matches_schema() is not evaluated',
        HINT = 'pg_jsonschema here is a stand-in of pytest-schema-parity: it validates nothing.';
END
$$;
COMMENT ON FUNCTION json_matches_schema(json, json) IS 'Stand-in of pytest-schema-parity';

CREATE FUNCTION jsonb_matches_schema(schema json, instance jsonb) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS $$
BEGIN
    RAISE feature_not_supported USING
        MESSAGE = 'jsonb_matches_schema() is not evaluated',
        HINT = 'pg_jsonschema here is a stand-in of pytest-schema-parity: it validates nothing.';
END
$$;

CREATE FUNCTION jsonschema_is_valid(schema json) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS $$
BEGIN
    RAISE feature_not_supported USING
        MESSAGE = 'jsonschema_is_valid() is not evaluated',
        HINT = 'pg_jsonschema here is a stand-in of pytest-schema-parity: it validates nothing.';
END
$$;

CREATE FUNCTION jsonschema_validation_errors(schema json, instance json) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS $$
BEGIN
    RAISE feature_not_supported USING
        MESSAGE = 'jsonschema_validation_errors() is not evaluated',
        HINT = 'pg_jsonschema here is a stand-in of pytest-schema-parity: it validates nothing.';
END
$$;
