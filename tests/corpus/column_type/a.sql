CREATE TABLE t (a integer, b varchar(10), c numeric(10, 2), d timestamptz, e text[]);
