CREATE TABLE other (x integer, y integer, PRIMARY KEY (x, y), UNIQUE (x));
CREATE TABLE t (
    a integer, "B b" integer CHECK ("B b" > 0) REFERENCES other (x), c integer,
    UNIQUE (a, "B b"), FOREIGN KEY (a, "B b") REFERENCES other, EXCLUDE USING btree ("B b" WITH =)
);
CREATE INDEX one ON t ("B b" DESC) INCLUDE (a) WHERE c > 0;
CREATE INDEX two ON t (a, "B b");
CREATE INDEX three ON t (abs("B b"));
CREATE STATISTICS many ON a, "B b" FROM t;
CREATE STATISTICS expressed ON "B b", (a + "B b") FROM t;
COMMENT ON INDEX one IS 'goes, too';
