CREATE TABLE t (a integer, content text NOT NULL, c integer);
