CREATE TABLE t (a varchar CHECK (a IN ('x', 'y')), b varchar[], c text[]);
CREATE VIEW v AS SELECT (ARRAY[b, b])::text[] AS c FROM t;
CREATE VIEW w AS SELECT a IN ('x', 'y') AS c FROM t;
