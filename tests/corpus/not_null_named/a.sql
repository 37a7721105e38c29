-- since 18
CREATE TABLE t (a integer CONSTRAINT a_is_there NOT NULL, b integer NOT NULL NO INHERIT);
