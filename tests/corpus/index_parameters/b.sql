CREATE TABLE t (id integer, v text, PRIMARY KEY (id, v) WITH (fillfactor = 60));
CREATE UNIQUE INDEX t_v ON t (v) WITH (fillfactor = 70);
CREATE UNIQUE INDEX t_id ON t (id) INCLUDE (v);
CREATE UNIQUE INDEX t_part ON t (id) WHERE id > 1;
ALTER TABLE t CLUSTER ON t_pkey;
