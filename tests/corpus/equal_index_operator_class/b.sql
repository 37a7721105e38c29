CREATE EXTENSION citext;
CREATE DOMAIN mail AS citext;
CREATE TABLE p (a citext, b text COLLATE "C", c varchar, d mail, e int[], f inet, g cidr, h text);
CREATE INDEX i1 ON p (a citext_ops, b COLLATE "C" text_ops, c text_ops, d citext_ops, e array_ops, f inet_ops, g inet_ops, h COLLATE "default");
CREATE INDEX i2 ON p (lower(h) COLLATE "C" text_ops, (h || b COLLATE "C") COLLATE "C");
CREATE INDEX i3 ON p USING gin (e array_ops);
CREATE INDEX i4 ON p USING gin (to_tsvector('simple', h) tsvector_ops);
