CREATE TABLE new (id serial PRIMARY KEY, body text NOT NULL);
GRANT SELECT ON new TO reader;
