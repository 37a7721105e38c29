CREATE TABLE old (ident integer NOT NULL, name text NOT NULL);
ALTER TABLE old RENAME TO new;
ALTER TABLE new RENAME ident TO id;
