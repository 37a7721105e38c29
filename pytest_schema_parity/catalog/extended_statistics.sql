SELECT format('%I.%I', n.nspname, s.stxname) AS name,
       'table' AS parent_kind,
       s.stxrelid::regclass::text AS parent_name,
       NULL AS made,
       ARRAY[s.xmin || ':' || s.cmin, d.xmin || ':' || d.cmin] AS changed,
       pg_get_statisticsobjdef_columns(s.oid) AS columns,
       (SELECT array_agg(kind::text ORDER BY kind) FROM unnest(s.stxkind) kind) AS kinds,
       s.stxowner::regrole::text AS owner,
       d.description AS comment
FROM pg_statistic_ext s
JOIN pg_namespace n ON n.oid = s.stxnamespace
LEFT JOIN pg_description d ON (d.classoid, d.objoid) = ('pg_statistic_ext'::regclass, s.oid)
WHERE n.nspname NOT LIKE 'pg\_%'
  AND NOT EXISTS (SELECT FROM pg_depend e
                  WHERE (e.classid, e.objid, e.deptype) = ('pg_statistic_ext'::regclass, s.oid, 'e'))
