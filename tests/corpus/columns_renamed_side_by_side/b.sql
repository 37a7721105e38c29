CREATE TABLE t (id integer, x text NOT NULL, y text NOT NULL, z integer);
CREATE INDEX i ON t (y);
