SELECT format('%I.%I', n.nspname, t.typname) AS name,
       'schema' AS parent_kind,
       quote_ident(n.nspname) AS parent_name,
       t.xmin || ':' || t.cmin AS made,
       ARRAY[r.xmin || ':' || r.cmin, d.xmin || ':' || d.cmin] AS changed,
       format_type(r.rngsubtype, NULL) AS subtype,
       format_type(r.rngmultitypid, NULL) AS multirange,
       CASE WHEN r.rngcollation <> 0 THEN r.rngcollation::regcollation::text END AS collation,
       CASE WHEN r.rngcanonical <> 0 THEN r.rngcanonical::text END AS canonical,
       CASE WHEN r.rngsubdiff <> 0 THEN r.rngsubdiff::text END AS subtype_diff,
       quote_ident(o.rolname) AS owner,
       d.description AS comment
FROM pg_range r
JOIN pg_type t ON t.oid = r.rngtypid
JOIN pg_namespace n ON n.oid = t.typnamespace
JOIN pg_roles o ON o.oid = t.typowner
LEFT JOIN pg_description d ON (d.classoid, d.objoid) = ('pg_type'::regclass, t.oid)
WHERE r.rngtypid >= 16384
  AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend e
                  WHERE (e.classid, e.objid, e.deptype) = ('pg_type'::regclass, t.oid, 'e'))
