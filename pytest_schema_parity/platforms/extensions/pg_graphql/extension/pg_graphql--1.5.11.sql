-- pg_graphql without GraphQL: directives in comments are read, and every query is answered with an
-- error.  The event triggers that count the versions of the schema are left out.

CREATE SEQUENCE graphql.seq_schema_version AS integer CYCLE;

CREATE FUNCTION graphql.get_schema_version() RETURNS integer
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT last_value::integer FROM graphql.seq_schema_version;
END;

CREATE FUNCTION graphql.increment_schema_version() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM pg_catalog.nextval('graphql.seq_schema_version');
END
$$;

CREATE FUNCTION graphql.comment_directive(comment_ text) RETURNS jsonb
LANGUAGE sql IMMUTABLE
RETURN coalesce((regexp_match(comment_, '@graphql\((.+)\)'))[1]::jsonb, '{}'::jsonb);

CREATE FUNCTION graphql.exception(message text) RETURNS text
LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = '22000', MESSAGE = message;
END
$$;

CREATE FUNCTION graphql._internal_resolve(
    query text,
    variables jsonb DEFAULT '{}',
    "operationName" text DEFAULT NULL,
    extensions jsonb DEFAULT NULL
) RETURNS jsonb
LANGUAGE sql
RETURN '{
    "data": null,
    "errors": [{
        "message": "pg_graphql here is a stand-in of pytest-schema-parity: it answers no query"
    }]
}'::jsonb;
COMMENT ON FUNCTION graphql._internal_resolve(text, jsonb, text, jsonb)
    IS 'Stand-in of pytest-schema-parity';

CREATE FUNCTION graphql.resolve(
    query text,
    variables jsonb DEFAULT '{}',
    "operationName" text DEFAULT NULL,
    extensions jsonb DEFAULT NULL
) RETURNS jsonb
LANGUAGE sql
RETURN graphql._internal_resolve($1, $2, $3, $4);

-- Supabase adds its entry point to the extension, and lets the roles of its API in.
DO $do$
DECLARE
    role_name pg_catalog.name;
BEGIN
    IF pg_catalog.to_regnamespace('graphql_public') IS NOT NULL THEN
        CREATE FUNCTION graphql_public.graphql(
            "operationName" text DEFAULT NULL,
            query text DEFAULT NULL,
            variables jsonb DEFAULT NULL,
            extensions jsonb DEFAULT NULL
        ) RETURNS jsonb
        LANGUAGE sql
        RETURN graphql.resolve($2, coalesce($3, '{}'), $1, $4);
    END IF;
    FOREACH role_name IN ARRAY '{postgres,anon,authenticated,service_role}'::pg_catalog.name[] LOOP
        IF pg_catalog.to_regrole(role_name::text) IS NOT NULL THEN
            EXECUTE pg_catalog.format('GRANT USAGE ON SCHEMA graphql TO %I', role_name);
        END IF;
    END LOOP;
END
$do$;
