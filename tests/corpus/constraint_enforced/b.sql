CREATE TABLE t (a integer, CONSTRAINT c CHECK (a > 0));
