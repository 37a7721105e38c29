CREATE TYPE pair AS (one text, other text);
CREATE FUNCTION f(p pair) RETURNS text LANGUAGE sql AS 'SELECT (p).one';
