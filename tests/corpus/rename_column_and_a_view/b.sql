CREATE TABLE u (id int PRIMARY KEY, a int, b int);
CREATE TABLE t (id int PRIMARY KEY, b int NOT NULL DEFAULT 7, z int);
CREATE VIEW of_another AS SELECT u.b AS x FROM t JOIN u USING (id);
CREATE VIEW of_nothing AS SELECT id, 'x'::text AS b FROM t;
CREATE VIEW whose AS SELECT x.b AS x FROM u x JOIN t y ON x.id = y.b;
CREATE VIEW alone AS SELECT id, b FROM t;
CREATE VIEW joined AS SELECT x.b AS c, u.a FROM t x JOIN u ON x.id = u.id;
CREATE VIEW within AS SELECT id FROM u WHERE EXISTS (SELECT FROM t WHERE t.b = u.a);
