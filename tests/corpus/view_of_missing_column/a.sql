CREATE TABLE person (id integer, first text, last text, "Middle" text, born date);
CREATE TABLE pet (id integer, born date);
CREATE VIEW everyone AS SELECT id, first, last, "Middle", born FROM person;
CREATE VIEW joined AS SELECT a.id, a."Middle", a.last, b.born FROM person a JOIN pet b USING (id);
CREATE VIEW first_of_all AS SELECT "Middle" FROM person WHERE id > 0;
CREATE VIEW two_things AS SELECT id, "Middle" FROM person WHERE id > 1;
CREATE VIEW filtered AS SELECT id FROM person WHERE "Middle" > '';
