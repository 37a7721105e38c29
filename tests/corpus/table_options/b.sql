CREATE TABLE t (id integer, body text) WITH (fillfactor = 80);
