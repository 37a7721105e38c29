CREATE OR REPLACE FUNCTION plain() RETURNS integer LANGUAGE sql AS $$
	SELECT   1
$$;
CREATE FUNCTION words() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN 'a  B';
END
$$;
CREATE FUNCTION remarks() RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
    /* two */ RETURN 1;
END $$;
CREATE FUNCTION literal() RETURNS text LANGUAGE sql AS $$SELECT 'a b'$$;
CREATE FUNCTION inner_body() RETURNS text LANGUAGE sql AS $b$SELECT $q$ -- y $q$$b$;
CREATE FUNCTION quoted() RETURNS text LANGUAGE sql AS $$SELECT 1 AS "a b"$$;
CREATE PROCEDURE proc() LANGUAGE sql AS 'SELECT 1;
    select 2;';
CREATE FUNCTION continued() RETURNS text LANGUAGE sql AS $$SELECT 'a''b'$$;
CREATE FUNCTION atomic() RETURNS integer LANGUAGE sql BEGIN ATOMIC
    select /* one */ 1;
END;
