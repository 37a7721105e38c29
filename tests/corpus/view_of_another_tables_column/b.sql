CREATE TABLE t (id integer);
CREATE TABLE u (id integer, b integer);
CREATE VIEW v AS SELECT t.id FROM t JOIN u ON t.id = u.id;
CREATE VIEW w AS SELECT x.id FROM t x JOIN u y ON x.id = y.id;
CREATE VIEW swapped AS SELECT t.id FROM u t JOIN t u ON t.id = u.id;
CREATE VIEW own AS SELECT x.id, y.b AS c FROM t x JOIN u y ON x.id = y.id;
CREATE VIEW alone AS SELECT id FROM u;
CREATE VIEW simple AS SELECT id FROM t;
