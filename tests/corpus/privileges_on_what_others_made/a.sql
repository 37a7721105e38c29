CREATE EXTENSION pg_stat_statements;
CREATE EXTENSION dblink;
GRANT USAGE ON TYPE uuid TO reader;
GRANT SELECT (rolname) ON pg_authid TO writer WITH GRANT OPTION;
