CREATE TABLE t (a varchar CHECK (a IN ('x', 'Y')), b varchar[], c text[]);
CREATE VIEW v AS SELECT ARRAY[b::text, b::text] AS c FROM t;
CREATE VIEW w AS SELECT a IN ('y', 'x') AS c FROM t;
