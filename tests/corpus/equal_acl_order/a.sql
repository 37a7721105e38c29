CREATE TABLE t (a integer);
GRANT SELECT ON t TO reader;
GRANT SELECT, INSERT ON t TO writer;
