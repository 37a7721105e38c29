CREATE TABLE t (id integer, b integer);
CREATE TABLE u (id integer, b integer);
CREATE VIEW v AS SELECT t.id, u.b FROM t JOIN u ON t.id = u.id;
CREATE VIEW w AS SELECT x.id, y.b FROM t x JOIN u y ON x.id = y.id;
CREATE VIEW swapped AS SELECT t.id, t.b FROM u t JOIN t u ON t.id = u.id;
CREATE VIEW own AS SELECT x.id, x.b, y.b AS c FROM t x JOIN u y ON x.id = y.id;
CREATE VIEW alone AS SELECT id, b FROM u;
CREATE VIEW simple AS SELECT id, b FROM t;
