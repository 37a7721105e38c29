CREATE DOMAIN d AS text DEFAULT 'x';
CREATE TABLE t (
    a timestamp(6), b d, c text DEFAULT 'X', d numeric DEFAULT 0.0, e text[] DEFAULT '{""}',
    f timestamptz DEFAULT clock_timestamp(), g bit(8) DEFAULT 5::bit(7)::bit(8), h text DEFAULT 'a '::bpchar, i text
);
