CREATE TABLE t (a text) WITH (autovacuum_enabled = off, toast.autovacuum_enabled = 0);
CREATE INDEX g ON t USING brin (a) WITH (autosummarize = yes);
