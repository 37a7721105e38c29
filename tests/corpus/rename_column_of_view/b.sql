CREATE TABLE client (id integer, name text, kept text, "Other" text);
CREATE VIEW named AS SELECT id, name, "Other" FROM client WHERE name <> '';
CREATE VIEW joined AS SELECT a.name, b."Other" FROM client a JOIN client b USING (id);
CREATE VIEW told AS SELECT c.name AS full_name FROM client c;
ALTER TABLE client RENAME COLUMN name TO full_name;
ALTER TABLE client RENAME COLUMN "Other" TO other;
