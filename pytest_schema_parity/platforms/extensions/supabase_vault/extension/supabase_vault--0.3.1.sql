-- supabase_vault without encryption: a secret is stored in base64, which anyone can read.

-- What stands for the nonce is constant: two trees that keep the same secret have the same row.
CREATE FUNCTION vault._crypto_aead_det_noncegen() RETURNS bytea
LANGUAGE sql IMMUTABLE
RETURN '\x00000000000000000000000000000000'::bytea;
COMMENT ON FUNCTION vault._crypto_aead_det_noncegen() IS 'Stand-in of pytest-schema-parity';

CREATE FUNCTION vault._crypto_aead_det_encrypt(
    message bytea,
    additional bytea,
    key_id bigint,
    context bytea DEFAULT 'pgsodium',
    nonce bytea DEFAULT NULL
) RETURNS bytea
LANGUAGE sql IMMUTABLE
RETURN message;

CREATE FUNCTION vault._crypto_aead_det_decrypt(
    message bytea,
    additional bytea,
    key_id bigint,
    context bytea DEFAULT 'pgsodium',
    nonce bytea DEFAULT NULL
) RETURNS bytea
LANGUAGE sql IMMUTABLE
RETURN message;

CREATE TABLE vault.secrets (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name text,
    description text NOT NULL DEFAULT '',
    secret text NOT NULL,
    key_id uuid,
    nonce bytea DEFAULT vault._crypto_aead_det_noncegen(),
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX ON vault.secrets (name) WHERE name IS NOT NULL;
SELECT pg_catalog.pg_extension_config_dump('vault.secrets', '');

CREATE VIEW vault.decrypted_secrets AS
SELECT
    s.id,
    s.name,
    s.description,
    s.secret,
    convert_from(
        vault._crypto_aead_det_decrypt(
            decode(s.secret, 'base64'), convert_to(s.id::text, 'utf8'), 0, 'pgsodium', s.nonce
        ),
        'utf8'
    ) AS decrypted_secret,
    s.key_id,
    s.nonce,
    s.created_at,
    s.updated_at
FROM vault.secrets AS s;

-- These two run as the owner: vault may hold a better match for a bare name.
CREATE FUNCTION vault.create_secret(
    new_secret text,
    new_name text DEFAULT NULL,
    new_description text DEFAULT '',
    new_key_id uuid DEFAULT NULL
) RETURNS uuid
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    INSERT INTO vault.secrets (secret, name, description)
    VALUES (pg_catalog.encode(pg_catalog.convert_to($1, 'utf8'), 'base64'), $2, $3)
    RETURNING id;
END;

CREATE FUNCTION vault.update_secret(
    secret_id uuid,
    new_secret text DEFAULT NULL,
    new_name text DEFAULT NULL,
    new_description text DEFAULT NULL,
    new_key_id uuid DEFAULT NULL
) RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    UPDATE vault.secrets AS s SET
        secret = coalesce(
            pg_catalog.encode(pg_catalog.convert_to($2, 'utf8'), 'base64'), s.secret
        ),
        name = coalesce($3, s.name),
        description = coalesce($4, s.description),
        updated_at = pg_catalog.now()
    WHERE s.id = $1;
END;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA vault FROM PUBLIC;

-- What Supabase gives to the role that creates the extension, and to service_role.
GRANT USAGE ON SCHEMA vault TO @extowner@ WITH GRANT OPTION;
GRANT SELECT, DELETE ON vault.secrets, vault.decrypted_secrets TO @extowner@ WITH GRANT OPTION;
GRANT EXECUTE ON FUNCTION vault.create_secret, vault.update_secret, vault._crypto_aead_det_decrypt
    TO @extowner@ WITH GRANT OPTION;
DO $do$
BEGIN
    IF pg_catalog.to_regrole('service_role') IS NOT NULL THEN
        GRANT USAGE ON SCHEMA vault TO service_role;
        GRANT SELECT, DELETE ON vault.secrets, vault.decrypted_secrets TO service_role;
        GRANT EXECUTE ON FUNCTION
            vault.create_secret, vault.update_secret, vault._crypto_aead_det_decrypt
            TO service_role;
    END IF;
END
$do$;
