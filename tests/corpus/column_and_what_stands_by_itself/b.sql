CREATE TABLE t (a integer, d integer);
CREATE TABLE u (a integer UNIQUE, b integer);
