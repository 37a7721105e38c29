CREATE TABLE t (a text) WITH (autovacuum_enabled = false, toast.autovacuum_enabled = off);
CREATE INDEX g ON t USING brin (a) WITH (autosummarize);
