CREATE DOMAIN d AS text DEFAULT 'x';
CREATE TABLE t (
    a timestamp(3), b d DEFAULT NULL, c text DEFAULT 'x', d numeric DEFAULT 0, e text[] DEFAULT '{}',
    f timestamptz DEFAULT CURRENT_TIMESTAMP, g bit(8) DEFAULT 5::bit(8), h text DEFAULT 'a ', i text DEFAULT 'NULL'
);
