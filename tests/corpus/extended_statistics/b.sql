CREATE TABLE t (a integer, b integer, c integer);
CREATE STATISTICS one (ndistinct) ON a, b FROM t;
CREATE STATISTICS two ON a, (b + 2) FROM t;
