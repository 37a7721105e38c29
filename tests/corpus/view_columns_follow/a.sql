CREATE TABLE sale (id integer PRIMARY KEY, price numeric(12, 2) NOT NULL, name varchar(10));
CREATE VIEW v1 AS SELECT id, price AS cost, name FROM sale;
CREATE VIEW v2 AS SELECT id, cost, name FROM v1;
CREATE MATERIALIZED VIEW v3 AS SELECT id, cost, name::text AS name FROM v2;
