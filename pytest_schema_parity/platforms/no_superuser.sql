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

ALTER DATABASE postgres OWNER TO postgres;
