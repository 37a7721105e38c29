-- pg_cron without its scheduler: a job is a row of cron.job, and nothing ever runs.

CREATE SCHEMA cron;

CREATE SEQUENCE cron.jobid_seq;
CREATE TABLE cron.job (
    jobid bigint PRIMARY KEY DEFAULT nextval('cron.jobid_seq'),
    schedule text NOT NULL,
    command text NOT NULL,
    nodename text NOT NULL DEFAULT 'localhost',
    nodeport integer NOT NULL DEFAULT inet_server_port(),
    database text NOT NULL DEFAULT current_database(),
    username text NOT NULL DEFAULT current_user,
    active boolean NOT NULL DEFAULT true,
    jobname text,
    CONSTRAINT jobname_username_uniq UNIQUE (jobname, username)
);
ALTER TABLE cron.job ENABLE ROW LEVEL SECURITY;
CREATE POLICY cron_job_policy ON cron.job USING (username = current_user);

CREATE SEQUENCE cron.runid_seq;
CREATE TABLE cron.job_run_details (
    jobid bigint,
    runid bigint PRIMARY KEY DEFAULT nextval('cron.runid_seq'),
    job_pid integer,
    database text,
    username text,
    command text,
    status text,
    return_message text,
    start_time timestamptz,
    end_time timestamptz
);
ALTER TABLE cron.job_run_details ENABLE ROW LEVEL SECURITY;
CREATE POLICY cron_job_run_details_policy ON cron.job_run_details USING (username = current_user);

SELECT pg_catalog.pg_extension_config_dump('cron.job', '');
SELECT pg_catalog.pg_extension_config_dump('cron.jobid_seq', '');
SELECT pg_catalog.pg_extension_config_dump('cron.job_run_details', '');
SELECT pg_catalog.pg_extension_config_dump('cron.runid_seq', '');

CREATE FUNCTION cron.job_cache_invalidate() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    RETURN NULL;
END
$$;
CREATE TRIGGER cron_job_cache_invalidate
AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON cron.job
FOR EACH STATEMENT EXECUTE FUNCTION cron.job_cache_invalidate();

-- Whether an element of a field, as 5, 1-5, */10, mon-fri or $, is within the field's bounds.
CREATE FUNCTION cron.stand_in_is_element(element text, lowest integer, highest integer, names text[])
RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    part text[] = regexp_match(
        lower(element), '^(?:(\*)|(\$)|(\d{1,2}|[a-z]{3})(?:-(\d{1,2}|[a-z]{3}))?)(?:/(\d{1,2}))?$'
    );
    bound text;
BEGIN
    IF part IS NULL OR part[5]::integer = 0 OR (part[2] IS NOT NULL AND highest <> 31) THEN
        RETURN false;
    END IF;
    FOREACH bound IN ARRAY part[3:4] LOOP
        IF bound ~ '^\d' AND bound::integer NOT BETWEEN lowest AND highest
            OR bound ~ '^[a-z]' AND NOT bound = ANY (names) THEN
            RETURN false;
        END IF;
    END LOOP;
    RETURN true;
END
$$;

-- What follows a fifth field is not looked at.
CREATE FUNCTION cron.stand_in_is_schedule(schedule text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    lowest CONSTANT integer[] = '{0,0,1,1,0}';
    highest CONSTANT integer[] = '{59,23,31,12,7}';
    fields CONSTANT text[] = regexp_split_to_array(btrim(schedule, E' \t\n'), '\s+');
    months CONSTANT text[] = '{jan,feb,mar,apr,may,jun,jul,aug,sep,oct,nov,dec}';
    days CONSTANT text[] = '{sun,mon,tue,wed,thu,fri,sat}';
BEGIN
    IF fields[1] ~ '^@' THEN
        RETURN fields[1] ~
            '^@(reboot|restart|yearly|annually|monthly|weekly|daily|midnight|hourly)$';
    ELSIF fields[2] ~* '^seconds?$' THEN
        RETURN cardinality(fields) = 2 AND fields[1] ~ '^0*([1-9]|[1-5]\d)$';
    END IF;
    RETURN cardinality(fields) >= 5 AND NOT EXISTS (
        SELECT
        FROM generate_series(1, 5) AS field(i), string_to_table(fields[i], ',') AS element
        WHERE NOT cron.stand_in_is_element(
            element, lowest[i], highest[i],
            CASE i WHEN 4 THEN months WHEN 5 THEN days ELSE '{}' END
        )
    );
END
$$;
COMMENT ON FUNCTION cron.stand_in_is_schedule(text) IS 'Stand-in of pytest-schema-parity';

CREATE FUNCTION cron.stand_in_check(schedule text) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT cron.stand_in_is_schedule(schedule) THEN
        RAISE invalid_parameter_value USING
            MESSAGE = format('invalid schedule: %s', schedule),
            HINT = 'Use cron format (e.g. 5 4 * * *), or interval format ''[1-59] seconds''';
    END IF;
END
$$;

-- Writes as the owner of cron.job, so that a role without rights to the table can schedule.
CREATE FUNCTION cron.stand_in_store(
    job_name text, schedule text, command text, database text, username text, active boolean
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    stored bigint;
BEGIN
    IF $2 IS NULL OR $3 IS NULL THEN
        RAISE EXCEPTION '% can not be NULL', CASE WHEN $2 IS NULL THEN 'schedule' ELSE 'command' END;
    END IF;
    PERFORM cron.stand_in_check($2);
    INSERT INTO cron.job AS j (schedule, command, nodeport, database, username, active, jobname)
    VALUES ($2, $3, 5432, coalesce($4, current_database()), $5, $6, $1)
    ON CONFLICT ON CONSTRAINT jobname_username_uniq DO UPDATE SET
        schedule = excluded.schedule, command = excluded.command, database = excluded.database
    RETURNING j.jobid INTO stored;
    RETURN stored;
END
$$;

CREATE FUNCTION cron.schedule(schedule text, command text) RETURNS bigint
LANGUAGE sql STRICT
RETURN cron.stand_in_store(NULL, $1, $2, NULL, current_user::text, true);

CREATE FUNCTION cron.schedule(job_name text, schedule text, command text) RETURNS bigint
LANGUAGE plpgsql
AS $$
BEGIN
    IF $1 IS NULL THEN
        RAISE EXCEPTION 'job_name can not be NULL';
    END IF;
    RETURN cron.stand_in_store($1, $2, $3, NULL, current_user::text, true);
END
$$;

CREATE FUNCTION cron.stand_in_is_superuser(username text) RETURNS boolean
LANGUAGE sql STABLE
RETURN (SELECT rolsuper FROM pg_roles WHERE rolname = username);

-- Other databases are not looked for: they need not exist where the migrations are tried.
CREATE FUNCTION cron.schedule_in_database(
    job_name text,
    schedule text,
    command text,
    database text,
    username text DEFAULT NULL,
    active boolean DEFAULT true
) RETURNS bigint
LANGUAGE plpgsql
AS $$
BEGIN
    IF $1 IS NULL OR $4 IS NULL THEN
        RAISE EXCEPTION '% can not be NULL', CASE WHEN $1 IS NULL THEN 'job_name' ELSE 'database' END;
    ELSIF $5 IS NOT NULL AND NOT cron.stand_in_is_superuser(current_user::text) THEN
        RAISE EXCEPTION 'must be superuser to create a job for another role';
    END IF;
    PERFORM pg_catalog.quote_ident($5)::regrole;
    RETURN cron.stand_in_store($1, $2, $3, $4, coalesce($5, current_user::text), $6);
END
$$;

CREATE FUNCTION cron.stand_in_change(
    job_id bigint, schedule text, command text, database text, username text, active boolean,
    caller text
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM cron.stand_in_check($2) WHERE $2 IS NOT NULL;
    UPDATE cron.job AS j SET
        schedule = coalesce($2, j.schedule),
        command = coalesce($3, j.command),
        database = coalesce($4, j.database),
        username = coalesce($5, j.username),
        active = coalesce($6, j.active)
    WHERE j.jobid = $1 AND (j.username = $7 OR cron.stand_in_is_superuser($7));
    IF NOT FOUND THEN
        RAISE EXCEPTION 'Job % does not exist or you don''t own it', $1;
    END IF;
END
$$;

CREATE FUNCTION cron.alter_job(
    job_id bigint,
    schedule text DEFAULT NULL,
    command text DEFAULT NULL,
    database text DEFAULT NULL,
    username text DEFAULT NULL,
    active boolean DEFAULT NULL
) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    IF num_nonnulls($2, $3, $4, $5, $6) = 0 THEN
        RAISE EXCEPTION USING
            MESSAGE = 'no updates specified',
            HINT = 'You must specify at least one job attribute to change when calling alter_job';
    ELSIF $5 IS NOT NULL AND NOT cron.stand_in_is_superuser(current_user::text) THEN
        RAISE EXCEPTION 'must be superuser to alter username';
    END IF;
    PERFORM pg_catalog.quote_ident($5)::regrole;
    PERFORM cron.stand_in_change($1, $2, $3, $4, $5, $6, current_user::text);
END
$$;

CREATE FUNCTION cron.stand_in_remove(job_id bigint, job_name text, caller text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM cron.job AS j
    WHERE (j.jobid = $1 AND (j.username = $3 OR cron.stand_in_is_superuser($3)))
        OR (j.jobname = $2 AND j.username = $3);
    IF NOT FOUND THEN
        RAISE internal_error USING MESSAGE =
            format('could not find valid entry for job %s', coalesce($1::text, quote_literal($2)));
    END IF;
    RETURN true;
END
$$;

CREATE FUNCTION cron.unschedule(job_id bigint) RETURNS boolean
LANGUAGE sql STRICT
RETURN cron.stand_in_remove($1, NULL, current_user::text);

CREATE FUNCTION cron.unschedule(job_name text) RETURNS boolean
LANGUAGE sql STRICT
RETURN cron.stand_in_remove(NULL, $1, current_user::text);

GRANT SELECT ON cron.job TO PUBLIC;
GRANT SELECT, DELETE ON cron.job_run_details TO PUBLIC;
GRANT SELECT ON SEQUENCE cron.jobid_seq, cron.runid_seq TO PUBLIC;
REVOKE ALL ON FUNCTION cron.alter_job, cron.schedule_in_database FROM PUBLIC;

-- What Supabase gives to the role that creates the extension.
GRANT USAGE ON SCHEMA cron TO @extowner@ WITH GRANT OPTION;
GRANT ALL ON ALL FUNCTIONS IN SCHEMA cron TO @extowner@ WITH GRANT OPTION;
-- Not ALL: with REFERENCES, casts of that role run as the owner when a foreign key is checked.
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON cron.job_run_details
    TO @extowner@ WITH GRANT OPTION;
GRANT SELECT ON cron.job TO @extowner@ WITH GRANT OPTION;
