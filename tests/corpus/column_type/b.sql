CREATE TABLE t (a bigint, b varchar(20), c numeric, d timestamp, e text);
