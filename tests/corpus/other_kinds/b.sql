CREATE FUNCTION differ(integer, integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 <> $2';
CREATE TYPE colour AS ENUM ('red');
