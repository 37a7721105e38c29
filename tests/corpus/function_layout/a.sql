CREATE FUNCTION plain() RETURNS integer LANGUAGE sql AS $$
SELECT 1
$$;
CREATE FUNCTION words() RETURNS text LANGUAGE plpgsql AS $$begin return 'a  B'; end$$;
CREATE FUNCTION remarks() RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
    -- one
    RETURN 1;
END $$;
CREATE FUNCTION literal() RETURNS text LANGUAGE sql AS $$SELECT 'a  b'$$;
CREATE FUNCTION inner_body() RETURNS text LANGUAGE sql AS $b$SELECT $q$ -- x $q$$b$;
CREATE FUNCTION quoted() RETURNS text LANGUAGE sql AS $$SELECT 1 AS "A b"$$;
CREATE PROCEDURE proc() LANGUAGE sql AS 'SELECT 1; SELECT 2;';
CREATE FUNCTION continued() RETURNS text LANGUAGE sql AS $$SELECT 'a'
 'b'$$;
CREATE FUNCTION atomic() RETURNS integer LANGUAGE sql BEGIN ATOMIC SELECT 1; END;
