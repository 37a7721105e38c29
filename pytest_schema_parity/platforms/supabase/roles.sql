-- Supabase's roles, as far as a database can see them.  Run by supabase_admin, the bootstrap
-- superuser.  `postgres` is a superuser here, so that it can create every extension; the
-- hosted platform allows that in other ways.
--
-- Left out: authenticator's session_preload_libraries = safeupdate.  A server without that library
-- would refuse authenticator's logins.

CREATE ROLE anon NOLOGIN;
CREATE ROLE authenticated NOLOGIN;
CREATE ROLE service_role NOLOGIN BYPASSRLS;
CREATE ROLE authenticator LOGIN NOINHERIT;
CREATE ROLE postgres SUPERUSER LOGIN CREATEDB CREATEROLE REPLICATION BYPASSRLS;
CREATE ROLE dashboard_user NOLOGIN CREATEDB CREATEROLE REPLICATION;
CREATE ROLE pgbouncer NOLOGIN;
CREATE ROLE pgsodium_keyholder NOLOGIN;
CREATE ROLE pgsodium_keyiduser NOLOGIN;
CREATE ROLE pgsodium_keymaker NOLOGIN;
CREATE ROLE supabase_auth_admin LOGIN NOINHERIT CREATEROLE;
CREATE ROLE supabase_functions_admin NOLOGIN;
CREATE ROLE supabase_privileged_role NOLOGIN;
CREATE ROLE supabase_read_only_user LOGIN BYPASSRLS;
CREATE ROLE supabase_realtime_admin NOLOGIN NOINHERIT;
CREATE ROLE supabase_replication_admin LOGIN REPLICATION;
CREATE ROLE supabase_storage_admin LOGIN NOINHERIT CREATEROLE;

GRANT anon, authenticated, service_role TO authenticator;
GRANT authenticator TO supabase_storage_admin;
GRANT pg_read_all_data TO supabase_read_only_user;
GRANT anon, authenticated, service_role, supabase_auth_admin, supabase_storage_admin,
    pg_monitor, pg_read_all_data, pg_signal_backend TO postgres;

ALTER ROLE anon SET statement_timeout = '3s';
ALTER ROLE authenticated SET statement_timeout = '8s';
ALTER ROLE authenticator SET statement_timeout = '8s';
ALTER ROLE authenticator SET lock_timeout = '8s';
ALTER ROLE authenticator SET pgrst.db_pre_request = 'db_pre_request';
-- The backslashes are the platform's own: no schema has that name.
ALTER ROLE postgres SET search_path = "\$user", public, extensions;
ALTER ROLE postgres SET idle_session_timeout = '3min';
ALTER ROLE postgres SET idle_in_transaction_session_timeout = '3min';
ALTER ROLE supabase_admin SET search_path = "\$user", public, auth, extensions;
ALTER ROLE supabase_auth_admin SET search_path = auth;
ALTER ROLE supabase_auth_admin SET idle_in_transaction_session_timeout = 60000;
ALTER ROLE supabase_storage_admin SET search_path = storage;

ALTER DATABASE postgres OWNER TO postgres;
