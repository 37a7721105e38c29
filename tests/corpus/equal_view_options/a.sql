CREATE VIEW v WITH (security_invoker) AS SELECT 1 AS one;
CREATE VIEW w AS SELECT 1 AS one;
