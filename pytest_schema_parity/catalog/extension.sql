SELECT quote_ident(e.extname) AS name,
       NULL AS made,
       ARRAY[e.xmin || ':' || e.cmin] AS changed,
       e.extversion AS version,
       quote_ident(n.nspname) AS schema,
       quote_ident(r.rolname) AS owner
FROM pg_extension e
JOIN pg_namespace n ON n.oid = e.extnamespace
JOIN pg_roles r ON r.oid = e.extowner
