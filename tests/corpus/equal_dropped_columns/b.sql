CREATE TABLE t (z integer, a integer, y text, b text);
ALTER TABLE t DROP z, DROP y, ADD c integer UNIQUE CHECK (c > 0);
CREATE INDEX t_b ON t (b, lower(b));
CREATE TABLE p (a integer, x integer, c integer, b text) PARTITION BY LIST (c);
ALTER TABLE p DROP x;
CREATE TABLE p_1 PARTITION OF p FOR VALUES IN (1);
