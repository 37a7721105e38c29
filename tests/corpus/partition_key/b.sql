CREATE TABLE t (id integer, day date) PARTITION BY LIST (day);
