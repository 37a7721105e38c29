CREATE TABLE t (a integer, b text, c integer, UNIQUE (c), CHECK (c > 0));
CREATE INDEX t_b ON t (b, lower(b));
CREATE TABLE p (a integer, c integer, b text) PARTITION BY LIST (c);
CREATE TABLE p_1 PARTITION OF p FOR VALUES IN (1);
