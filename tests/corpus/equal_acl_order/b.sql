CREATE TABLE t (a integer);
GRANT INSERT ON t TO writer;
GRANT SELECT ON t TO writer;
GRANT SELECT ON t TO reader;
