CREATE TABLE t (a integer, body text NOT NULL, c integer);
