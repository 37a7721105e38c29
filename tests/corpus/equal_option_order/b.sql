CREATE TABLE t (a integer) WITH (autovacuum_enabled = off);
ALTER TABLE t SET (fillfactor = 70);
CREATE INDEX i ON t USING gin ((ARRAY[a])) WITH (gin_pending_list_limit = 128, fastupdate = off);
