SELECT quote_ident(n.nspname) AS name,
       NULL AS made,
       ARRAY[n.xmin || ':' || n.cmin, d.xmin || ':' || d.cmin] AS changed,
       quote_ident(r.rolname) AS owner,
       d.description AS comment
FROM pg_namespace n
JOIN pg_roles r ON r.oid = n.nspowner
LEFT JOIN pg_description d ON (d.classoid, d.objoid) = ('pg_namespace'::regclass, n.oid)
WHERE (n.oid >= 16384 OR n.nspname = 'public')
  AND n.nspname NOT LIKE 'pg\_%'
  AND NOT EXISTS (SELECT FROM pg_depend e
                  WHERE (e.classid, e.objid, e.deptype) = ('pg_namespace'::regclass, n.oid, 'e'))
