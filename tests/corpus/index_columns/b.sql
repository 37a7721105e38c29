CREATE TABLE t (a integer, b text, c text);
CREATE INDEX i1 ON t (a);
CREATE INDEX i2 ON t (b);
CREATE INDEX i3 ON t (b);
CREATE INDEX i4 ON t (a);
CREATE INDEX i5 ON t (a) INCLUDE (b);
CREATE INDEX i6 ON t (upper(b));
