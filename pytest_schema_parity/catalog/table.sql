SELECT format('%I.%I', n.nspname, c.relname) AS name,
       'schema' AS parent_kind,
       quote_ident(n.nspname) AS parent_name,
       t.xmin || ':' || t.cmin AS made,
       ARRAY[c.xmin || ':' || c.cmin, d.xmin || ':' || d.cmin] AS changed,
       CASE c.relpersistence WHEN 'u' THEN 'unlogged' END AS persistence,
       c.relrowsecurity AS row_level_security,
       c.relforcerowsecurity AS force_row_level_security,
       pg_get_partkeydef(c.oid) AS partition_key,
       CASE WHEN c.relispartition THEN inherited.parents[1] END AS partition_of,
       pg_get_expr(c.relpartbound, c.oid) AS partition_bound,
       CASE WHEN NOT c.relispartition THEN inherited.parents END AS inherits,
       options.sorted AS options,
       nullif(am.amname, 'heap') AS access_method,
       quote_ident(ts.spcname) AS tablespace,
       CASE c.relreplident WHEN 'n' THEN 'nothing' WHEN 'f' THEN 'full' WHEN 'i' THEN 'index' END
           AS replica_identity,
       CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END AS of_type,
       quote_ident(r.rolname) AS owner,
       d.description AS comment
FROM pg_class c
JOIN pg_type t ON t.oid = c.reltype
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_roles r ON r.oid = c.relowner
LEFT JOIN pg_am am ON am.oid = c.relam
LEFT JOIN pg_tablespace ts ON ts.oid = c.reltablespace
LEFT JOIN pg_description d ON (d.classoid, d.objoid, d.objsubid) = ('pg_class'::regclass, c.oid, 0)
LEFT JOIN LATERAL (
    SELECT array_agg(i.inhparent::regclass::text ORDER BY i.inhseqno) AS parents
    FROM pg_inherits i WHERE i.inhrelid = c.oid
) inherited ON true
LEFT JOIN LATERAL (
    SELECT array_agg(option ORDER BY option) AS sorted FROM unnest(c.reloptions) option
) options ON true
WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p')
  AND c.relpersistence <> 't'
  AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend e
                  WHERE (e.classid, e.objid, e.deptype) = ('pg_class'::regclass, c.oid, 'e'))
