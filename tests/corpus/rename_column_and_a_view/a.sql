CREATE TABLE u (id int PRIMARY KEY, a int, b int);
CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL DEFAULT 7, z int);
CREATE VIEW of_another AS SELECT u.a AS x FROM t JOIN u USING (id);
CREATE VIEW of_nothing AS SELECT id, 'x'::text AS a FROM t;
CREATE VIEW whose AS SELECT x.a AS x FROM u x JOIN t y ON x.id = y.a;
CREATE VIEW alone AS SELECT id, a FROM t;
CREATE VIEW joined AS SELECT x.a AS c, u.a FROM t x JOIN u ON x.id = u.id;
CREATE VIEW within AS SELECT id FROM u WHERE EXISTS (SELECT FROM t WHERE t.a = u.a);
