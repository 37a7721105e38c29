CREATE EXTENSION citext;
CREATE DOMAIN mail AS citext;
CREATE TABLE p (a citext, b text COLLATE "C", c varchar, d mail, e int[], f inet, g cidr, h text);
CREATE INDEX i1 ON p (b COLLATE "default");
CREATE INDEX i2 ON p (lower(b) COLLATE "default");
CREATE INDEX i3 ON p (h COLLATE "C", h);
CREATE INDEX i4 ON p ((h || 'x') COLLATE "POSIX");
