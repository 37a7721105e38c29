SELECT format('%I.%I', n.nspname, t.typname) AS name,
       'schema' AS parent_kind,
       quote_ident(n.nspname) AS parent_name,
       NULL AS made,
       ARRAY[t.xmin || ':' || t.cmin, d.xmin || ':' || d.cmin] AS changed,
       format_type(t.typbasetype, t.typtypmod) AS type,
       nullif(t.typnotnull, false) AS not_null,
       pg_get_expr(t.typdefaultbin, 0) AS "default",
       CASE WHEN t.typcollation <> b.typcollation THEN format('%I.%I', cn.nspname, co.collname) END
           AS collation,
       quote_ident(r.rolname) AS owner,
       d.description AS comment
FROM pg_type t
JOIN pg_namespace n ON n.oid = t.typnamespace
JOIN pg_roles r ON r.oid = t.typowner
JOIN pg_type b ON b.oid = t.typbasetype
LEFT JOIN pg_collation co ON co.oid = t.typcollation
LEFT JOIN pg_namespace cn ON cn.oid = co.collnamespace
LEFT JOIN pg_description d ON (d.classoid, d.objoid) = ('pg_type'::regclass, t.oid)
WHERE t.oid >= 16384 AND t.typtype = 'd'
  AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend e
                  WHERE (e.classid, e.objid, e.deptype) = ('pg_type'::regclass, t.oid, 'e'))
