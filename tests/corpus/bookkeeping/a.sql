CREATE TABLE t (a integer);
CREATE TABLE _prisma_migrations (id varchar(36) PRIMARY KEY, logs text);
CREATE TABLE alembic_version (version varchar(36) PRIMARY KEY, logs text);
CREATE TABLE migrations (id serial PRIMARY KEY, migration varchar(255) NOT NULL, batch integer NOT NULL);
GRANT SELECT ON _prisma_migrations TO PUBLIC;
