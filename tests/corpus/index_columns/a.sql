CREATE TABLE t (a integer, b text, c text);
CREATE INDEX i1 ON t (a DESC);
CREATE INDEX i2 ON t (b text_pattern_ops);
CREATE INDEX i3 ON t (b COLLATE "C");
CREATE INDEX i4 ON t (a NULLS FIRST);
CREATE INDEX i5 ON t (a) INCLUDE (b, c);
CREATE INDEX i6 ON t (lower(b));
