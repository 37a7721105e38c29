SELECT format('%I.%I', n.nspname, s.stxname) AS name,
       CASE c.relkind WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table'
                      ELSE 'table' END AS parent_kind,
       s.stxrelid::regclass::text AS parent_name,
       NULL AS made,
       ARRAY[header(s)] AS changed,
       ARRAY['comment', header(d)] AS parts,
       pg_get_statisticsobjdef_columns(s.oid) AS columns,
       (SELECT array_agg(CASE kind WHEN 'd' THEN 'ndistinct' WHEN 'f' THEN 'dependencies'
                                   WHEN 'm' THEN 'mcv' ELSE 'expressions' END ORDER BY kind)
        FROM unnest(s.stxkind) kind) AS kinds,
       nullif(s.stxstattarget, -1) AS statistics,
       s.stxowner::regrole::text AS owner,
       d.description AS comment
FROM pg_statistic_ext s
JOIN pg_namespace n ON n.oid = s.stxnamespace
JOIN pg_class c ON c.oid = s.stxrelid
LEFT JOIN pg_description d ON (d.classoid, d.objoid) = ('pg_statistic_ext'::regclass, s.oid)
WHERE n.nspname NOT LIKE 'pg\_%'
  AND s.oid NOT IN (SELECT objid FROM pg_depend WHERE (refclassid, classid, deptype)
                    = ('pg_extension'::regclass, 'pg_statistic_ext'::regclass, 'e'))
