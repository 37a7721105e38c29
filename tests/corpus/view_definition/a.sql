CREATE TABLE t (a integer, b integer);
CREATE VIEW v AS SELECT a FROM t WHERE b > 0;
CREATE VIEW w AS SELECT a, b FROM t;
