"""Schemas of any size, alike in everything that costs time to read."""

from __future__ import annotations

TABLE = """
CREATE TABLE t{n} (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    parent_id bigint REFERENCES t{parent} ON DELETE CASCADE,
    code text NOT NULL UNIQUE,
    name varchar(80) NOT NULL DEFAULT 'none',
    amount numeric(12, 2) CHECK (amount >= 0),
    payload jsonb NOT NULL DEFAULT '{{}}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz
);
CREATE INDEX t{n}_parent ON t{n} (parent_id, created_at DESC);
CREATE INDEX t{n}_recent ON t{n} (created_at) WHERE amount > 0;
CREATE TRIGGER touch BEFORE UPDATE ON t{n} FOR EACH ROW EXECUTE FUNCTION touch();
CREATE VIEW v{n} AS
    SELECT name, count(*) AS number, sum(amount) AS amount FROM t{n} GROUP BY name;
COMMENT ON TABLE t{n} IS 'Table {n}';
"""

TOUCH = """
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END $$;
"""


def big_schema(tables: int) -> str:
    """SQL of ``tables`` tables of 8 columns: keys, indexes, a check, a trigger and a view each."""
    return TOUCH + "".join(TABLE.format(n=n, parent=max(n - 1, 0)) for n in range(tables))
