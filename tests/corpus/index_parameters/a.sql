CREATE TABLE t (id integer, v text, PRIMARY KEY (id, v));
CREATE UNIQUE INDEX t_v ON t (v);
CREATE UNIQUE INDEX t_id ON t (id);
CREATE UNIQUE INDEX t_part ON t (id) WHERE id > 0;
