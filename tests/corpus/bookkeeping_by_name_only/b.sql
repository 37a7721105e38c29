CREATE TABLE t (a integer);
CREATE TABLE schema_migrations (ssn text, who text);
GRANT ALL ON schema_migrations TO PUBLIC;
CREATE TABLE goose_db_version (
    id serial PRIMARY KEY, version_id bigint NOT NULL, is_applied boolean NOT NULL,
    tstamp timestamp NOT NULL DEFAULT now()
);
CREATE INDEX lately ON goose_db_version (tstamp);
CREATE RULE copied AS ON INSERT TO goose_db_version DO ALSO INSERT INTO t VALUES (1);
GRANT INSERT ON goose_db_version TO PUBLIC;
GRANT SELECT (id) ON goose_db_version TO PUBLIC;
CREATE SCHEMA sqitch CREATE TABLE card_numbers (pan text);
CREATE SCHEMA graphile_migrate;
CREATE FUNCTION graphile_migrate.f() RETURNS integer LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
