CREATE TABLE t (
    a timestamptz(6) DEFAULT CURRENT_TIMESTAMP, b timestamp(3) DEFAULT CURRENT_TIMESTAMP,
    c varchar(80) DEFAULT NULL, d time(6), e text DEFAULT 'x', f varchar(7) DEFAULT 'abc',
    g text[] DEFAULT '{}', h varchar(7)[] DEFAULT '{}', i bigint DEFAULT 0, j numeric(8, 2) DEFAULT 0,
    k timestamp DEFAULT LOCALTIMESTAMP, l date DEFAULT CURRENT_DATE, m name DEFAULT CURRENT_USER,
    n double precision DEFAULT 0, o smallint DEFAULT '5', p integer DEFAULT -1, q char(3) DEFAULT 'ab',
    r timetz(6)[], s interval(6) DEFAULT '1 day', u numeric(9, 3) DEFAULT NULL
);
CREATE DOMAIN d AS timestamp(6) DEFAULT CURRENT_TIMESTAMP;
CREATE TYPE c AS (a timestamptz(6), b time(6));
CREATE VIEW v AS SELECT a, a > CURRENT_TIMESTAMP AS soon, a::timestamptz(6) AS b FROM t;
