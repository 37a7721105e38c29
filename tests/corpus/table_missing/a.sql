CREATE TABLE parent (id integer PRIMARY KEY);
CREATE TABLE t (id serial PRIMARY KEY, parent integer REFERENCES parent, body text CHECK (body <> ''));
CREATE INDEX t_body ON t (body);
ALTER TABLE t ENABLE ROW LEVEL SECURITY;
CREATE POLICY everyone ON t USING (true);
GRANT SELECT ON t TO reader;
GRANT SELECT (body) ON t TO PUBLIC;
COMMENT ON COLUMN t.body IS 'What it says';
