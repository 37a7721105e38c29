-- pgmq, which works, without queues that pg_partman would partition.

CREATE TABLE pgmq.meta (
    queue_name varchar UNIQUE NOT NULL,
    is_partitioned boolean NOT NULL,
    is_unlogged boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

GRANT USAGE ON SCHEMA pgmq TO pg_monitor;
GRANT SELECT ON ALL TABLES IN SCHEMA pgmq TO pg_monitor;
GRANT SELECT ON ALL SEQUENCES IN SCHEMA pgmq TO pg_monitor;
ALTER DEFAULT PRIVILEGES IN SCHEMA pgmq GRANT SELECT ON TABLES TO pg_monitor;
ALTER DEFAULT PRIVILEGES IN SCHEMA pgmq GRANT SELECT ON SEQUENCES TO pg_monitor;

CREATE TYPE pgmq.message_record AS (
    msg_id bigint,
    read_ct integer,
    enqueued_at timestamptz,
    vt timestamptz,
    message jsonb,
    headers jsonb
);
CREATE TYPE pgmq.queue_record AS (
    queue_name varchar,
    is_partitioned boolean,
    is_unlogged boolean,
    created_at timestamptz
);
CREATE TYPE pgmq.metrics_result AS (
    queue_name text,
    queue_length bigint,
    newest_msg_age_sec integer,
    oldest_msg_age_sec integer,
    total_messages bigint,
    scrape_time timestamptz,
    queue_visible_length bigint
);

CREATE FUNCTION pgmq._extension_exists(extension_name text) RETURNS boolean
LANGUAGE sql
RETURN EXISTS (SELECT FROM pg_extension WHERE extname = extension_name);
COMMENT ON FUNCTION pgmq._extension_exists(text) IS 'Stand-in of pytest-schema-parity';

CREATE FUNCTION pgmq._belongs_to_pgmq(table_name text) RETURNS boolean
LANGUAGE sql
RETURN EXISTS (
    SELECT
    FROM pg_depend AS d
        JOIN pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'pgmq'
        JOIN pg_class AS c ON c.oid = d.objid AND c.relname = table_name
);

CREATE FUNCTION pgmq.acquire_queue_lock(queue_name text) RETURNS void
LANGUAGE sql
RETURN pg_advisory_xact_lock(hashtext('pgmq.queue_' || queue_name));

CREATE FUNCTION pgmq.validate_queue_name(queue_name text) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    IF length($1) > 47 THEN
        RAISE EXCEPTION 'queue name is too long, maximum length is 47 characters';
    END IF;
END
$$;

CREATE FUNCTION pgmq.format_table_name(queue_name text, prefix text) RETURNS text
LANGUAGE plpgsql
AS $$
BEGIN
    IF $1 ~ '\$|;|--|''' THEN
        RAISE EXCEPTION 'queue name contains invalid characters: $, ;, --, or \''';
    END IF;
    RETURN lower($2 || '_' || $1);
END
$$;

-- Makes what a queue consists of, or adds what is missing; keyword is UNLOGGED or empty.
CREATE FUNCTION pgmq.stand_in_create(queue_name text, keyword text) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    queue text = pgmq.format_table_name($1, 'q');
    archive text = pgmq.format_table_name($1, 'a');
    common CONSTANT text = 'read_ct integer NOT NULL DEFAULT 0, '
        'enqueued_at timestamptz NOT NULL DEFAULT now(), %s'
        'vt timestamptz NOT NULL, message jsonb, headers jsonb';
BEGIN
    PERFORM pgmq.validate_queue_name($1);
    PERFORM pgmq.acquire_queue_lock($1);
    EXECUTE format(
        'CREATE %s TABLE IF NOT EXISTS pgmq.%I '
        '(msg_id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, %s)',
        $2, queue, format(common, '')
    );
    EXECUTE format(
        'CREATE TABLE IF NOT EXISTS pgmq.%I (msg_id bigint PRIMARY KEY, %s)',
        archive, format(common, 'archived_at timestamptz NOT NULL DEFAULT now(), ')
    );
    IF NOT pgmq._belongs_to_pgmq(queue) THEN
        EXECUTE format('ALTER EXTENSION pgmq ADD TABLE pgmq.%I', queue);
        EXECUTE format('ALTER EXTENSION pgmq ADD SEQUENCE pgmq.%I', queue || '_msg_id_seq');
    END IF;
    IF NOT pgmq._belongs_to_pgmq(archive) THEN
        EXECUTE format('ALTER EXTENSION pgmq ADD TABLE pgmq.%I', archive);
    END IF;
    EXECUTE format('CREATE INDEX IF NOT EXISTS %I ON pgmq.%I (vt)', queue || '_vt_idx', queue);
    EXECUTE format(
        'CREATE INDEX IF NOT EXISTS %I ON pgmq.%I (archived_at)', 'archived_at_idx_' || $1, archive
    );
    INSERT INTO pgmq.meta VALUES ($1, false, $2 = 'UNLOGGED') ON CONFLICT DO NOTHING;
END
$$;

CREATE FUNCTION pgmq.create_non_partitioned(queue_name text) RETURNS void
LANGUAGE sql
RETURN pgmq.stand_in_create($1, '');

CREATE FUNCTION pgmq.create_unlogged(queue_name text) RETURNS void
LANGUAGE sql
RETURN pgmq.stand_in_create($1, 'UNLOGGED');

CREATE FUNCTION pgmq."create"(queue_name text) RETURNS void
LANGUAGE sql
RETURN pgmq.create_non_partitioned($1);

CREATE FUNCTION pgmq._ensure_pg_partman_installed() RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    IF NOT pgmq._extension_exists('pg_partman') THEN
        RAISE EXCEPTION 'pg_partman is required for partitioned queues';
    END IF;
    RAISE feature_not_supported USING
        MESSAGE = 'partitioned queues are not supported',
        HINT = 'pgmq here is a stand-in of pytest-schema-parity.';
END
$$;

CREATE FUNCTION pgmq.create_partitioned(
    queue_name text,
    partition_interval text DEFAULT '10000',
    retention_interval text DEFAULT '100000'
) RETURNS void
LANGUAGE sql
RETURN pgmq._ensure_pg_partman_installed();

CREATE FUNCTION pgmq.convert_archive_partitioned(
    table_name text,
    partition_interval text DEFAULT '10000',
    retention_interval text DEFAULT '100000',
    leading_partition integer DEFAULT 10
) RETURNS void
LANGUAGE sql
RETURN pgmq._ensure_pg_partman_installed();

CREATE FUNCTION pgmq.drop_queue(queue_name text) RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
    prefix text;
    part text;
BEGIN
    PERFORM pgmq.acquire_queue_lock($1);
    IF to_regclass(format('pgmq.%I', pgmq.format_table_name($1, 'q'))) IS NULL THEN
        RAISE NOTICE 'pgmq queue `%` does not exist', $1;
        RETURN false;
    END IF;
    FOREACH prefix IN ARRAY '{q,a}'::text[] LOOP
        part = pgmq.format_table_name($1, prefix);
        IF pgmq._belongs_to_pgmq(part) THEN
            EXECUTE format('ALTER EXTENSION pgmq DROP TABLE pgmq.%I', part);
        END IF;
        IF pgmq._belongs_to_pgmq(part || '_msg_id_seq') THEN
            EXECUTE format('ALTER EXTENSION pgmq DROP SEQUENCE pgmq.%I', part || '_msg_id_seq');
        END IF;
        EXECUTE format('DROP TABLE IF EXISTS pgmq.%I', part);
    END LOOP;
    DELETE FROM pgmq.meta AS m WHERE m.queue_name = $1;
    RETURN true;
END
$$;

CREATE FUNCTION pgmq.drop_queue(queue_name text, partitioned boolean) RETURNS boolean
LANGUAGE plpgsql
AS $$
BEGIN
    RAISE WARNING 'drop_queue(queue_name, partitioned) is deprecated and will be removed in PGMQ '
        'v2.0. Use drop_queue(queue_name) instead';
    PERFORM pgmq.drop_queue($1);
    RETURN true;
END
$$;

CREATE FUNCTION pgmq.detach_archive(queue_name text) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    EXECUTE format('ALTER EXTENSION pgmq DROP TABLE pgmq.%I', pgmq.format_table_name($1, 'a'));
END
$$;

CREATE FUNCTION pgmq.list_queues() RETURNS SETOF pgmq.queue_record
LANGUAGE sql
BEGIN ATOMIC
    SELECT * FROM pgmq.meta;
END;

CREATE FUNCTION pgmq.purge_queue(queue_name text) RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
    purged bigint;
BEGIN
    EXECUTE format('SELECT count(*) FROM pgmq.%I', pgmq.format_table_name($1, 'q')) INTO purged;
    EXECUTE format('TRUNCATE pgmq.%I', pgmq.format_table_name($1, 'q'));
    RETURN purged;
END
$$;

CREATE FUNCTION pgmq.send_batch(
    queue_name text, msgs jsonb[], headers jsonb[], delay timestamptz
) RETURNS SETOF bigint
LANGUAGE plpgsql
AS $$
BEGIN
    RETURN QUERY EXECUTE format(
        'INSERT INTO pgmq.%I (vt, message, headers) '
        'SELECT $1, unnest($2), unnest(coalesce($3, ''{}'')) RETURNING msg_id',
        pgmq.format_table_name($1, 'q')
    ) USING $4, $2, $3;
END
$$;

CREATE FUNCTION pgmq.send_batch(queue_name text, msgs jsonb[]) RETURNS SETOF bigint
LANGUAGE sql
RETURN pgmq.send_batch($1, $2, NULL::jsonb[], clock_timestamp());

CREATE FUNCTION pgmq.send_batch(queue_name text, msgs jsonb[], headers jsonb[])
RETURNS SETOF bigint
LANGUAGE sql
RETURN pgmq.send_batch($1, $2, $3, clock_timestamp());

CREATE FUNCTION pgmq.send_batch(queue_name text, msgs jsonb[], delay integer)
RETURNS SETOF bigint
LANGUAGE sql
RETURN pgmq.send_batch($1, $2, NULL::jsonb[], clock_timestamp() + make_interval(secs => $3));

CREATE FUNCTION pgmq.send_batch(queue_name text, msgs jsonb[], delay timestamptz)
RETURNS SETOF bigint
LANGUAGE sql
RETURN pgmq.send_batch($1, $2, NULL::jsonb[], $3);

CREATE FUNCTION pgmq.send_batch(queue_name text, msgs jsonb[], headers jsonb[], delay integer)
RETURNS SETOF bigint
LANGUAGE sql
RETURN pgmq.send_batch($1, $2, $3, clock_timestamp() + make_interval(secs => $4));

CREATE FUNCTION pgmq.send(queue_name text, msg jsonb, headers jsonb, delay timestamptz)
RETURNS SETOF bigint
LANGUAGE sql
RETURN pgmq.send_batch($1, ARRAY[$2], ARRAY[$3], $4);

CREATE FUNCTION pgmq.send(queue_name text, msg jsonb) RETURNS SETOF bigint
LANGUAGE sql
RETURN pgmq.send($1, $2, NULL::jsonb, clock_timestamp());

CREATE FUNCTION pgmq.send(queue_name text, msg jsonb, headers jsonb) RETURNS SETOF bigint
LANGUAGE sql
RETURN pgmq.send($1, $2, $3, clock_timestamp());

CREATE FUNCTION pgmq.send(queue_name text, msg jsonb, delay integer) RETURNS SETOF bigint
LANGUAGE sql
RETURN pgmq.send($1, $2, NULL::jsonb, clock_timestamp() + make_interval(secs => $3));

CREATE FUNCTION pgmq.send(queue_name text, msg jsonb, delay timestamptz) RETURNS SETOF bigint
LANGUAGE sql
RETURN pgmq.send($1, $2, NULL::jsonb, $3);

CREATE FUNCTION pgmq.send(queue_name text, msg jsonb, headers jsonb, delay integer)
RETURNS SETOF bigint
LANGUAGE sql
RETURN pgmq.send($1, $2, $3, clock_timestamp() + make_interval(secs => $4));

CREATE FUNCTION pgmq.read(
    queue_name text, vt integer, qty integer, conditional jsonb DEFAULT '{}'
) RETURNS SETOF pgmq.message_record
LANGUAGE plpgsql
AS $$
BEGIN
    RETURN QUERY EXECUTE format(
        'UPDATE pgmq.%1$I AS m SET vt = clock_timestamp() + $1, read_ct = m.read_ct + 1 '
        'FROM (SELECT msg_id FROM pgmq.%1$I WHERE vt <= clock_timestamp() '
        'AND ($3 = ''{}'' OR message @> $3) ORDER BY msg_id LIMIT $2 FOR UPDATE SKIP LOCKED) AS r '
        'WHERE m.msg_id = r.msg_id '
        'RETURNING m.msg_id, m.read_ct, m.enqueued_at, m.vt, m.message, m.headers',
        pgmq.format_table_name($1, 'q')
    ) USING make_interval(secs => $2), $3, $4;
END
$$;

CREATE FUNCTION pgmq.read_with_poll(
    queue_name text,
    vt integer,
    qty integer,
    max_poll_seconds integer DEFAULT 5,
    poll_interval_ms integer DEFAULT 100,
    conditional jsonb DEFAULT '{}'
) RETURNS SETOF pgmq.message_record
LANGUAGE plpgsql
AS $$
DECLARE
    until CONSTANT timestamptz = clock_timestamp() + make_interval(secs => $4);
BEGIN
    WHILE clock_timestamp() < until LOOP
        RETURN QUERY SELECT * FROM pgmq.read($1, $2, $3, $6);
        IF FOUND THEN
            RETURN;
        END IF;
        PERFORM pg_sleep($5 / 1000.0);
    END LOOP;
END
$$;

CREATE FUNCTION pgmq.pop(queue_name text) RETURNS SETOF pgmq.message_record
LANGUAGE plpgsql
AS $$
BEGIN
    RETURN QUERY EXECUTE format(
        'DELETE FROM pgmq.%1$I WHERE msg_id = (SELECT msg_id FROM pgmq.%1$I '
        'WHERE vt <= clock_timestamp() ORDER BY msg_id LIMIT 1 FOR UPDATE SKIP LOCKED) '
        'RETURNING msg_id, read_ct, enqueued_at, vt, message, headers',
        pgmq.format_table_name($1, 'q')
    );
END
$$;

CREATE FUNCTION pgmq.set_vt(queue_name text, msg_id bigint, vt integer)
RETURNS SETOF pgmq.message_record
LANGUAGE plpgsql
AS $$
BEGIN
    RETURN QUERY EXECUTE format(
        'UPDATE pgmq.%I SET vt = clock_timestamp() + $2 WHERE msg_id = $1 '
        'RETURNING msg_id, read_ct, enqueued_at, vt, message, headers',
        pgmq.format_table_name($1, 'q')
    ) USING $2, make_interval(secs => $3);
END
$$;

CREATE FUNCTION pgmq."delete"(queue_name text, msg_ids bigint[]) RETURNS SETOF bigint
LANGUAGE plpgsql
AS $$
BEGIN
    RETURN QUERY EXECUTE format(
        'DELETE FROM pgmq.%I WHERE msg_id = ANY ($1) RETURNING msg_id',
        pgmq.format_table_name($1, 'q')
    ) USING $2;
END
$$;

CREATE FUNCTION pgmq."delete"(queue_name text, msg_id bigint) RETURNS boolean
LANGUAGE sql
RETURN (SELECT count(*) > 0 FROM pgmq."delete"($1, ARRAY[$2]));

CREATE FUNCTION pgmq.archive(queue_name text, msg_ids bigint[]) RETURNS SETOF bigint
LANGUAGE plpgsql
AS $$
BEGIN
    RETURN QUERY EXECUTE format(
        'WITH gone AS (DELETE FROM pgmq.%I WHERE msg_id = ANY ($1) RETURNING *) '
        'INSERT INTO pgmq.%I (msg_id, vt, read_ct, enqueued_at, message, headers) '
        'SELECT msg_id, vt, read_ct, enqueued_at, message, headers FROM gone RETURNING msg_id',
        pgmq.format_table_name($1, 'q'), pgmq.format_table_name($1, 'a')
    ) USING $2;
END
$$;

CREATE FUNCTION pgmq.archive(queue_name text, msg_id bigint) RETURNS boolean
LANGUAGE sql
RETURN (SELECT count(*) > 0 FROM pgmq.archive($1, ARRAY[$2]));

CREATE FUNCTION pgmq.metrics(queue_name text) RETURNS pgmq.metrics_result
LANGUAGE plpgsql
AS $$
DECLARE
    result pgmq.metrics_result;
BEGIN
    EXECUTE format(
        'SELECT $1, count(*), extract(epoch FROM now() - max(enqueued_at))::integer, '
        'extract(epoch FROM now() - min(enqueued_at))::integer, '
        '(SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM pgmq.%I), '
        'now(), count(*) FILTER (WHERE vt <= now()) FROM pgmq.%I',
        pgmq.format_table_name($1, 'q') || '_msg_id_seq', pgmq.format_table_name($1, 'q')
    ) INTO result USING $1;
    RETURN result;
END
$$;

CREATE FUNCTION pgmq.metrics_all() RETURNS SETOF pgmq.metrics_result
LANGUAGE sql
BEGIN ATOMIC
    SELECT found.* FROM pgmq.meta AS m, LATERAL pgmq.metrics(m.queue_name::text) AS found;
END;
