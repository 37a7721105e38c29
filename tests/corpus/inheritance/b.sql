CREATE TABLE base (id integer, body text CHECK (body <> ''));
CREATE TABLE t (id integer, body text CONSTRAINT base_body_check CHECK (body <> ''), more text);
