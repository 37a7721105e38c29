CREATE EXTENSION citext;
CREATE DOMAIN mail AS citext;
CREATE TABLE p (a citext, b text COLLATE "C", c varchar, d mail, e int[], f inet, g cidr, h text);
CREATE INDEX i1 ON p (a, b, c, d, e, f, g, h);
CREATE INDEX i2 ON p (lower(h) COLLATE "C", (h || b COLLATE "C"));
CREATE INDEX i3 ON p USING gin (e);
CREATE INDEX i4 ON p USING gin (to_tsvector('simple', h));
