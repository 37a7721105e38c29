CREATE TABLE t (a integer, b integer, d integer, CHECK (a < b));
CREATE UNIQUE INDEX lively ON t (a) WHERE b IS NULL;
CREATE INDEX included ON t (a) INCLUDE (b);
CREATE INDEX mixed ON t ((a + b));
ALTER TABLE t ADD CONSTRAINT whole CHECK (t.* IS NOT NULL);
CREATE TABLE u (a integer, b integer UNIQUE);
