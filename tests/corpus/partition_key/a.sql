CREATE TABLE t (id integer, day date) PARTITION BY HASH (id);
