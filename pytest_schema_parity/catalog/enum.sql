SELECT format('%I.%I', n.nspname, t.typname) AS name,
       'schema' AS parent_kind,
       quote_ident(n.nspname) AS parent_name,
       t.xmin || ':' || t.cmin AS made,
       array_agg(l.xmin || ':' || l.cmin) AS changed,
       coalesce(array_agg(l.enumlabel::text ORDER BY l.enumsortorder)
                FILTER (WHERE l.enumlabel IS NOT NULL), '{}') AS labels,
       quote_ident(r.rolname) AS owner,
       d.description AS comment
FROM pg_type t
JOIN pg_namespace n ON n.oid = t.typnamespace
JOIN pg_roles r ON r.oid = t.typowner
LEFT JOIN pg_enum l ON l.enumtypid = t.oid
LEFT JOIN pg_description d ON (d.classoid, d.objoid) = ('pg_type'::regclass, t.oid)
WHERE t.oid >= 16384 AND t.typtype = 'e'
  AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend e
                  WHERE (e.classid, e.objid, e.deptype) = ('pg_type'::regclass, t.oid, 'e'))
GROUP BY t.oid, t.xmin, t.cmin, n.oid, r.rolname, d.description
