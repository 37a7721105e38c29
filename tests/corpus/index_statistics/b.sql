CREATE TABLE t (a text);
CREATE INDEX lowered ON t (lower(a));
