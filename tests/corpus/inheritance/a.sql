CREATE TABLE base (id integer, body text CHECK (body <> ''));
CREATE TABLE t (more text) INHERITS (base);
