CREATE TABLE t (a int4range, EXCLUDE USING gist (a WITH &&));
