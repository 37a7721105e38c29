CREATE TABLE t (id integer, first text NOT NULL, second text NOT NULL, z integer);
CREATE INDEX i ON t (first);
