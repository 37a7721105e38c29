CREATE AGGREGATE total(integer) (SFUNC = int4pl, STYPE = integer);
CREATE AGGREGATE moved(integer) (SFUNC = int4pl, STYPE = integer);
