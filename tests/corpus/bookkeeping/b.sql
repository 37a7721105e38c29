CREATE TABLE t (a integer);
CREATE SCHEMA supabase_migrations;
CREATE TABLE supabase_migrations.schema_migrations (version text PRIMARY KEY, statements text[], name text);
CREATE TABLE supabase_migrations.seed_files (path text PRIMARY KEY, hash text NOT NULL);
CREATE TABLE schema_migrations (version varchar(255) PRIMARY KEY);
CREATE SCHEMA drizzle CREATE TABLE __drizzle_migrations (id serial PRIMARY KEY, hash text, created_at bigint) CREATE TABLE mine ();
CREATE SCHEMA graphile_migrate;
GRANT USAGE ON SCHEMA graphile_migrate TO PUBLIC;
CREATE TABLE graphile_migrate.current (filename text PRIMARY KEY, content text NOT NULL, date timestamptz NOT NULL);
