CREATE TABLE t (a text) WITH (fillfactor = 50, toast.autovacuum_enabled = off);
CREATE MATERIALIZED VIEW m WITH (toast.autovacuum_enabled = off) AS SELECT a FROM t;
