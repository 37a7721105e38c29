CREATE TABLE t (a integer NOT NULL, v int4range);
CREATE INDEX i1 ON t (a);
CREATE UNIQUE INDEX i2 ON t (a);
CREATE INDEX i3 ON t USING gin ((ARRAY[a]));
