CREATE TABLE t (
    a timestamptz DEFAULT now(), b timestamp(3) DEFAULT transaction_timestamp(),
    c varchar(80), d time, e text DEFAULT 'x'::varchar, f varchar(7) DEFAULT 'abc'::text,
    g text[] DEFAULT ARRAY[]::text[], h varchar(7)[] DEFAULT ARRAY[]::text[], i bigint DEFAULT '0',
    j numeric(8, 2) DEFAULT '0'::numeric,
    k timestamp DEFAULT now(), l date DEFAULT now()::date, m name DEFAULT CURRENT_ROLE,
    n double precision DEFAULT '0', o smallint DEFAULT 5, p integer DEFAULT '-1', q char(3) DEFAULT 'ab'::text,
    r timetz[], s interval DEFAULT interval '1 day', u numeric(9, 3)
);
CREATE DOMAIN d AS timestamp DEFAULT now();
CREATE TYPE c AS (a timestamptz, b time);
CREATE VIEW v AS SELECT a, a > now() AS soon, a::timestamptz AS b FROM t;
