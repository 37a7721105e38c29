CREATE TABLE new (id integer NOT NULL, name text NOT NULL);
