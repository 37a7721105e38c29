CREATE TABLE t (c integer, a integer, b integer);
