CREATE TYPE pair AS (other text, one text);
CREATE FUNCTION f(p pair) RETURNS text LANGUAGE sql AS 'SELECT (p).one';
