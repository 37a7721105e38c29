CREATE FUNCTION pg_catalog.one() RETURNS integer LANGUAGE sql AS 'SELECT 2';
