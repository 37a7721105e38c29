CREATE TABLE t (a integer, b integer, c integer);
CREATE STATISTICS one (ndistinct, dependencies) ON a, b FROM t;
CREATE STATISTICS two ON a, (b + 1) FROM t;
ALTER STATISTICS two SET STATISTICS 500;
