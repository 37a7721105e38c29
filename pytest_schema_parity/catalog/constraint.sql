SELECT format('%I.%I.%I', n.nspname, coalesce(c.relname, ty.typname), k.conname) AS name,
       CASE c.relkind WHEN 'f' THEN 'foreign table' WHEN 'r' THEN 'table' WHEN 'p' THEN 'table'
                      ELSE 'domain' END AS parent_kind,
       format('%I.%I', n.nspname, coalesce(c.relname, ty.typname)) AS parent_name,
       NULL AS made,
       ARRAY[k.xmin || ':' || k.cmin, d.xmin || ':' || d.cmin] AS changed,
       CASE k.contype WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique' WHEN 'f' THEN 'foreign key'
                      WHEN 'c' THEN 'check' WHEN 'x' THEN 'exclusion' END AS type,
       CASE WHEN k.contype IN ('p', 'u', 'f') THEN (
           SELECT array_agg(a.attname::text ORDER BY key.rank)
           FROM unnest(k.conkey) WITH ORDINALITY AS key (number, rank)
           JOIN pg_attribute a ON (a.attrelid, a.attnum) = (k.conrelid, key.number)) END AS columns,
       CASE WHEN k.contype IN ('c', 'x') THEN pg_get_constraintdef(k.oid) END AS expression,
       CASE WHEN k.contype = 'f' THEN k.confrelid::regclass::text END AS "references",
       CASE WHEN k.contype = 'f' THEN (
           SELECT array_agg(a.attname::text ORDER BY key.rank)
           FROM unnest(k.confkey) WITH ORDINALITY AS key (number, rank)
           JOIN pg_attribute a ON (a.attrelid, a.attnum) = (k.confrelid, key.number)) END
           AS referenced_columns,
       CASE WHEN k.contype = 'f' THEN CASE k.confupdtype WHEN 'a' THEN 'no action'
           WHEN 'r' THEN 'restrict' WHEN 'c' THEN 'cascade' WHEN 'n' THEN 'set null'
           WHEN 'd' THEN 'set default' END END AS on_update,
       CASE WHEN k.contype = 'f' THEN CASE k.confdeltype WHEN 'a' THEN 'no action'
           WHEN 'r' THEN 'restrict' WHEN 'c' THEN 'cascade' WHEN 'n' THEN 'set null'
           WHEN 'd' THEN 'set default' END END AS on_delete,
       CASE WHEN k.confdelsetcols IS NOT NULL THEN (
           SELECT array_agg(a.attname::text ORDER BY a.attname)
           FROM pg_attribute a
           WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.confdelsetcols)) END
           AS on_delete_columns,
       CASE k.confmatchtype WHEN 'f' THEN 'full' WHEN 'p' THEN 'partial' END AS match,
       nullif(k.condeferrable, false) AS deferrable,
       nullif(k.condeferred, false) AS initially_deferred,
       nullif(k.convalidated, true) AS validated,
       CASE WHEN k.contype = 'c' THEN nullif(k.connoinherit, false) END AS no_inherit,
       nullif(k.conenforced, true) AS enforced, -- since 18
       nullif(k.conperiod, false) AS period, -- since 18
       CASE WHEN k.coninhcount > 0 THEN k.conislocal END AS local,
       d.description AS comment
FROM pg_constraint k
JOIN pg_namespace n ON n.oid = k.connamespace
LEFT JOIN pg_class c ON c.oid = k.conrelid
LEFT JOIN pg_type ty ON ty.oid = k.contypid
LEFT JOIN pg_description d ON (d.classoid, d.objoid) = ('pg_constraint'::regclass, k.oid)
WHERE k.oid >= 16384 AND k.contype IN ('p', 'u', 'f', 'c', 'x')
  AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (
      SELECT FROM pg_depend e
      WHERE e.deptype = 'e'
        AND (e.classid, e.objid) IN (('pg_class'::regclass, k.conrelid), ('pg_type'::regclass, k.contypid)))
