-- Migrations run as `postgres`, which owns the database, and with it, as pg_database_owner, the
-- schema public.  It has no rights of a superuser.
DO $$
DECLARE
    able name;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'postgres') THEN
        CREATE ROLE postgres LOGIN CREATEROLE;
    END IF;
    ALTER ROLE postgres NOSUPERUSER NOREPLICATION;
    -- Before 16, a role with CREATEROLE could grant pg_execute_server_program.
    IF current_setting('server_version_num')::integer < 160000 THEN
        FOR able IN SELECT rolname FROM pg_roles WHERE rolcreaterole AND NOT rolsuper LOOP
            EXECUTE format('ALTER ROLE %I NOCREATEROLE', able);
        END LOOP;
    END IF;
END
$$;

-- Reading rows calls functions of the tree (of casts, and of indexes as a query is planned), so it is
-- no superuser that reads them.
CREATE ROLE schema_parity_reader LOGIN BYPASSRLS;
GRANT pg_read_all_data TO schema_parity_reader;

ALTER DATABASE postgres OWNER TO postgres;
