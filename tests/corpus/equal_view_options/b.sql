CREATE VIEW v AS SELECT 1 AS one;
ALTER VIEW v SET (security_invoker = on);
CREATE VIEW w WITH (security_invoker = off, security_barrier = false) AS SELECT 1 AS one;
