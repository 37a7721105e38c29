CREATE TABLE t (id integer, body text) WITH (fillfactor = 70, autovacuum_enabled = off, toast.autovacuum_enabled = off);
ALTER TABLE t REPLICA IDENTITY FULL;
