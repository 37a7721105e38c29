CREATE TABLE p (id integer PRIMARY KEY, other integer UNIQUE);
CREATE TABLE q (id integer PRIMARY KEY);
CREATE TABLE t (a integer CONSTRAINT f1 REFERENCES q, b integer CONSTRAINT f2 REFERENCES p (other));
