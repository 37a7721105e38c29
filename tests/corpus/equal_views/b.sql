CREATE TABLE t (id integer PRIMARY KEY, name varchar(20), at timestamptz, n numeric, tags text[], j jsonb, parent_id integer);
CREATE TABLE u (id integer, t_id integer REFERENCES t, amount numeric(8, 2), at date);
CREATE SCHEMA s;
CREATE FUNCTION s.f(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE TYPE s.pair AS (a integer, b text);
CREATE VIEW one AS SELECT id, name AS title, t.at FROM t WHERE t.n > 1 AND t.name LIKE 'a%' ORDER BY t.n DESC, id;
CREATE VIEW alias AS SELECT x.id, x.name FROM t x WHERE x.id IN (SELECT u.t_id FROM u WHERE u.id = x.id);
CREATE VIEW nested AS SELECT q.id, q.c FROM (SELECT t.id, count(*) AS c FROM t GROUP BY t.id HAVING count(*) > 1) q WHERE q.c > 2;
CREATE VIEW joined AS SELECT t.id, u.amount, u.at::timestamp AS at FROM t JOIN u ON u.t_id = t.id LEFT JOIN t p ON p.id = t.parent_id;
CREATE VIEW using_ AS SELECT id, t.name, u.amount FROM t FULL JOIN u USING (id);
CREATE VIEW unions AS SELECT id, name FROM t UNION ALL SELECT id, 'x' FROM u UNION SELECT 1, 'y' ORDER BY 1 LIMIT 3;
CREATE VIEW cte AS WITH a AS (SELECT id FROM t), b AS MATERIALIZED (SELECT * FROM a) SELECT b.id FROM b;
CREATE VIEW recursive_ AS WITH RECURSIVE r(id, depth) AS (SELECT id, 0 FROM t WHERE parent_id IS NULL
    UNION ALL SELECT t.id, r.depth + 1 FROM t JOIN r ON t.parent_id = r.id) SELECT id, depth FROM r;
CREATE VIEW windows AS SELECT id, row_number() OVER (PARTITION BY name ORDER BY at DESC) AS r,
    sum(n) OVER w AS total FROM t WINDOW w AS (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW);
CREATE VIEW aggregates AS SELECT name, count(DISTINCT id) AS c, array_agg(id ORDER BY at) AS ids,
    sum(n) FILTER (WHERE n > 0) AS s, percentile_cont(0.5) WITHIN GROUP (ORDER BY n) AS p FROM t GROUP BY name;
CREATE VIEW sets AS SELECT name, parent_id, sum(n) AS s, GROUPING(name) AS g FROM t GROUP BY ROLLUP (name, parent_id);
CREATE VIEW distinct_ AS SELECT DISTINCT ON (name) name, id FROM t ORDER BY name, id DESC NULLS LAST;
CREATE VIEW whole AS SELECT t.*, t AS row, t.*::text AS txt FROM t;
CREATE VIEW functions AS SELECT s.f(id) AS f, coalesce(name, 'x') AS c, extract(year FROM at) AS y,
    at AT TIME ZONE 'UTC' AS utc, date_trunc('day', at) AS d, substring(name FROM 1 FOR 2) AS sub,
    position('a' IN name) AS pos, trim(name) AS tr, overlay(name PLACING 'x' FROM 1) AS o,
    (id, name)::s.pair AS pr, j ->> 'a' AS a, tags[1] AS first, tags[1:2] AS sl FROM t;
CREATE VIEW cases AS SELECT CASE name WHEN 'a' THEN 1 WHEN 'b' THEN 2 ELSE 0 END AS c,
    CASE WHEN name IN ('a', 'b') THEN n ELSE -n END AS d, nullif(name, '') AS e, greatest(n, 1) AS g FROM t;
CREATE VIEW srf AS SELECT g.i, x.v FROM generate_series(1, 3) g(i), LATERAL unnest(ARRAY['a', 'b']) WITH ORDINALITY x(v, n);
CREATE VIEW single_srf AS SELECT g.i * 2 AS double FROM generate_series(1, 3) AS g(i);
CREATE VIEW vals AS SELECT v.a, v.b FROM (VALUES (1, 'x'), (2, 'y')) v(a, b) WHERE v.a > 1;
CREATE VIEW sub AS SELECT id, (SELECT max(u.amount) FROM u WHERE u.t_id = t.id) AS m, ARRAY(SELECT u.id FROM u ORDER BY 1) AS ids,
    EXISTS (SELECT 1 FROM u WHERE u.t_id = t.id) AS e FROM t WHERE id = ANY (SELECT t_id FROM u);
CREATE VIEW shadow AS SELECT id AS n, n AS id FROM t ORDER BY t.n, t.id;
CREATE VIEW sampled AS SELECT s.id FROM t s TABLESAMPLE SYSTEM (10) REPEATABLE (1);
CREATE VIEW locked AS SELECT id FROM t LIMIT 5 OFFSET 1;
CREATE VIEW consts AS SELECT 1 AS a, 'x' AS b, NULL AS c, true AS d, -1 AS e, 1.5 AS f, '1 day'::interval AS g, now() AS h, CURRENT_DATE AS i;
CREATE VIEW onv AS SELECT o.id FROM one o WHERE o.title IS NOT NULL AND o.id BETWEEN 1 AND 5;
CREATE MATERIALIZED VIEW m AS SELECT t.name, count(*) AS c FROM t GROUP BY t.name;
CREATE VIEW s.t AS SELECT id, public.t.name FROM public.t;
CREATE VIEW only_ AS SELECT t.id FROM ONLY t;
CREATE RULE r AS ON UPDATE TO u WHERE new.id <> old.id DO INSTEAD UPDATE t SET name = 'x' WHERE t.id = old.t_id;
CREATE FUNCTION atomic(a integer) RETURNS SETOF t LANGUAGE sql BEGIN ATOMIC SELECT * FROM t WHERE id = a; INSERT INTO u (id) SELECT x.id FROM t x RETURNING u.id; SELECT t.* FROM t; END;
CREATE FUNCTION ret(a t) RETURNS numeric LANGUAGE sql RETURN (SELECT max(u.amount) FROM u WHERE u.t_id = (a).id);
CREATE POLICY p ON t USING (id IN (SELECT u.t_id FROM u WHERE u.at > CURRENT_DATE));
CREATE INDEX i ON t (lower(name), (j ->> 'a')) WHERE name IN ('a', 'b') AND at > '2020-01-01Z';
