CREATE TABLE t (a integer, b text);
CREATE UNIQUE INDEX i1 ON t (a);
CREATE UNIQUE INDEX i2 ON t (a);
CREATE INDEX i3 ON t (a, b);
