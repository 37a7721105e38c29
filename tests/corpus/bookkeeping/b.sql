CREATE TABLE t (a integer);
CREATE SCHEMA supabase_migrations;
CREATE TABLE supabase_migrations.schema_migrations (version text PRIMARY KEY);
CREATE TABLE supabase_migrations.seed_files (path text PRIMARY KEY);
CREATE TABLE schema_migrations (id varchar(36) PRIMARY KEY, logs text);
CREATE SCHEMA drizzle CREATE TABLE __drizzle_migrations (id serial PRIMARY KEY) CREATE TABLE mine ();
