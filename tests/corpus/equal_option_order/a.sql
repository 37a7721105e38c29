CREATE TABLE t (a integer) WITH (fillfactor = 70, autovacuum_enabled = off);
CREATE INDEX i ON t USING gin ((ARRAY[a])) WITH (fastupdate = off, gin_pending_list_limit = 128);
