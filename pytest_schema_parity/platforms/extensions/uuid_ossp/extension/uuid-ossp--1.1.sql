-- uuid-ossp in SQL, for servers without it: same functions, same results.  Functions call each other
-- from SQL-standard bodies, which bind names at creation: they do not depend on search_path, and the
-- extension can move to another schema.

CREATE FUNCTION uuid_nil() RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN '00000000-0000-0000-0000-000000000000'::uuid;
COMMENT ON FUNCTION uuid_nil() IS 'Stand-in of pytest-schema-parity';

CREATE FUNCTION uuid_ns_dns() RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN '6ba7b810-9dad-11d1-80b4-00c04fd430c8'::uuid;

CREATE FUNCTION uuid_ns_url() RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN '6ba7b811-9dad-11d1-80b4-00c04fd430c8'::uuid;

CREATE FUNCTION uuid_ns_oid() RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN '6ba7b812-9dad-11d1-80b4-00c04fd430c8'::uuid;

CREATE FUNCTION uuid_ns_x500() RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN '6ba7b814-9dad-11d1-80b4-00c04fd430c8'::uuid;

-- The 16 bytes with the version's and the variant's bits set.
CREATE FUNCTION uuid_ossp_stamp(bytes bytea, version integer) RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN encode(
    set_byte(
        set_byte(substr(bytes, 1, 16), 6, (get_byte(bytes, 6) & 15) | (version << 4)),
        8, (get_byte(bytes, 8) & 63) | 128
    ),
    'hex'
)::uuid;

-- Ticks of 100 ns since the Gregorian calendar began, a random sequence, and the node's six bytes.
-- With the lowest bit of its first byte set, a node differs from that of every network card.
CREATE FUNCTION uuid_ossp_v1(node bytea) RETURNS uuid
LANGUAGE sql VOLATILE STRICT PARALLEL SAFE
BEGIN ATOMIC
    SELECT uuid_ossp_stamp(
        substr(ticks, 5, 4) || substr(ticks, 3, 2) || substr(ticks, 1, 2)
        || substr(uuid_send(gen_random_uuid()), 1, 2)
        || set_byte(substr(node, 1, 6), 0, get_byte(node, 0) | 1),
        1
    )
    FROM int8send(
        (extract(epoch FROM clock_timestamp()) * 10000000)::bigint + 122192928000000000
        + get_byte(uuid_send(gen_random_uuid()), 0) % 10
    ) AS ticks;
END;

CREATE FUNCTION uuid_generate_v1() RETURNS uuid
LANGUAGE sql VOLATILE STRICT PARALLEL SAFE
RETURN uuid_ossp_v1(decode(md5(extract(epoch FROM pg_postmaster_start_time())::text), 'hex'));

CREATE FUNCTION uuid_generate_v1mc() RETURNS uuid
LANGUAGE sql VOLATILE STRICT PARALLEL SAFE
RETURN uuid_ossp_v1(uuid_send(gen_random_uuid()));

CREATE FUNCTION uuid_generate_v3(namespace uuid, name text) RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN uuid_ossp_stamp(
    decode(md5(uuid_send(namespace) || convert_to(name, getdatabaseencoding())), 'hex'), 3
);

CREATE FUNCTION uuid_generate_v4() RETURNS uuid
LANGUAGE sql VOLATILE STRICT PARALLEL SAFE
RETURN gen_random_uuid();

CREATE FUNCTION uuid_ossp_sha1(message bytea) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS $$
DECLARE
    mask CONSTANT bigint = 4294967295;
    padded bytea = message || '\x80'
        || decode(repeat('00', (119 - length(message) % 64) % 64), 'hex')
        || int8send(length(message)::bigint * 8);
    state bigint[] = ARRAY[1732584193, 4023233417, 2562383102, 271733878, 3285377520];
    words bigint[];
    a bigint; b bigint; c bigint; d bigint; e bigint; t bigint;
BEGIN
    FOR block IN 0 .. length(padded) / 64 - 1 LOOP
        a = state[1]; b = state[2]; c = state[3]; d = state[4]; e = state[5];
        FOR i IN 0 .. 79 LOOP
            IF i < 16 THEN
                t = ('x' || encode(substr(padded, 64 * block + 4 * i + 1, 4), 'hex'))::bit(32)::bigint;
            ELSE
                t = words[i - 3] # words[i - 8] # words[i - 14] # words[i - 16];
                t = ((t << 1) | (t >> 31)) & mask;
            END IF;
            words[i] = t;
            t = t + e + CASE i / 20
                WHEN 0 THEN ((b & c) | (~b & d)) + 1518500249
                WHEN 1 THEN (b # c # d) + 1859775393
                WHEN 2 THEN ((b & c) | (b & d) | (c & d)) + 2400959708
                ELSE (b # c # d) + 3395469782
            END;
            e = d; d = c;
            c = ((b << 30) | (b >> 2)) & mask;
            b = a;
            a = (t + ((a << 5) | (a >> 27))) & mask;
        END LOOP;
        state = ARRAY[state[1] + a, state[2] + b, state[3] + c, state[4] + d, state[5] + e];
        FOR i IN 1 .. 5 LOOP
            state[i] = state[i] & mask;
        END LOOP;
    END LOOP;
    RETURN (SELECT string_agg(substr(int8send(word), 5), '' ORDER BY i)
        FROM unnest(state) WITH ORDINALITY AS part(word, i));
END
$$;

CREATE FUNCTION uuid_generate_v5(namespace uuid, name text) RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN uuid_ossp_stamp(
    uuid_ossp_sha1(uuid_send(namespace) || convert_to(name, getdatabaseencoding())), 5
);
