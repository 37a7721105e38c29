SELECT format('%I.%I.%I', n.nspname, c.relname, a.attname) AS name,
       CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
                      WHEN 'f' THEN 'foreign table' WHEN 'c' THEN 'composite type'
                      ELSE 'table' END AS parent_kind,
       format('%I.%I', n.nspname, c.relname) AS parent_name,
       NULL AS made,
       ARRAY[a.xmin || ':' || a.cmin, f.xmin || ':' || f.cmin, d.xmin || ':' || d.cmin] AS changed,
       row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum) AS position,
       format_type(a.atttypid, a.atttypmod) AS type,
       nullif(a.attnotnull, false) AS not_null,
       CASE WHEN a.attgenerated = '' THEN pg_get_expr(f.adbin, f.adrelid) END AS "default",
       CASE WHEN a.attgenerated <> '' THEN pg_get_expr(f.adbin, f.adrelid) END AS generated,
       CASE a.attgenerated WHEN 's' THEN 'stored' WHEN 'v' THEN 'virtual' END AS generation,
       CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' END AS identity,
       CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text END
           AS collation,
       CASE WHEN c.relkind IN ('r', 'p', 'm', 'f') AND a.attstorage <> t.typstorage
            THEN a.attstorage END AS storage,
       nullif(a.attcompression, '') AS compression,
       nullif(a.attstattarget, -1) AS statistics,
       (SELECT array_agg(option ORDER BY option) FROM unnest(a.attoptions) option) AS options,
       CASE WHEN a.attinhcount > 0 THEN a.attislocal END AS local,
       d.description AS comment
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef f ON (f.adrelid, f.adnum) = (a.attrelid, a.attnum)
LEFT JOIN pg_description d
       ON (d.classoid, d.objoid, d.objsubid) = ('pg_class'::regclass, a.attrelid, a.attnum)
WHERE a.attrelid >= 16384 AND a.attnum > 0 AND NOT a.attisdropped
  AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')
  AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend e
                  WHERE (e.classid, e.objid, e.deptype) = ('pg_class'::regclass, c.oid, 'e'))
