CREATE TABLE person (id integer, first text, last text, born date);
CREATE TABLE pet (id integer, born date);
CREATE VIEW everyone AS SELECT id, first, last, born FROM person;
CREATE VIEW joined AS SELECT a.id, a.last, b.born FROM person a JOIN pet b USING (id);
CREATE VIEW first_of_all AS SELECT FROM person WHERE id > 0;
CREATE VIEW two_things AS SELECT id FROM person WHERE id > 2;
CREATE VIEW filtered AS SELECT id FROM person;
