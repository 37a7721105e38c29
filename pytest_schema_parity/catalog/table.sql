-- Tables of extensions are read like any other: users may add columns, triggers, ... to them.
SELECT format('%I.%I', n.nspname, c.relname) AS name,
       CASE WHEN e.extname IS NULL THEN 'schema' ELSE 'extension' END AS parent_kind,
       quote_ident(coalesce(e.extname, n.nspname)) AS parent_name,
       header(t) AS made,
       ARRAY[header(c)] AS changed,
       ARRAY['partition_of partition_bound inherits', inherited.header,
             'comment', header(d)] AS parts,
       CASE c.relpersistence WHEN 'u' THEN 'unlogged' END AS persistence,
       c.relrowsecurity AS row_level_security,
       c.relforcerowsecurity AS force_row_level_security,
       CASE c.relkind WHEN 'p' THEN pg_get_partkeydef(c.oid) END AS partition_key,
       CASE WHEN c.relispartition THEN inherited.parents[1] END AS partition_of,
       pg_get_expr(c.relpartbound, c.oid) AS partition_bound,
       CASE WHEN NOT c.relispartition THEN inherited.parents END AS inherits,
       CASE WHEN c.reloptions IS NOT NULL OR toast.reloptions IS NOT NULL THEN ARRAY(
           SELECT unnest(c.reloptions) COLLATE "C"
           UNION ALL SELECT 'toast.' || unnest(toast.reloptions) ORDER BY 1) END AS options,
       nullif(am.amname, 'heap') AS access_method,
       quote_ident(ts.spcname) AS tablespace,
       CASE c.relreplident WHEN 'n' THEN 'nothing' WHEN 'f' THEN 'full' WHEN 'i' THEN 'index' END
           AS replica_identity,
       CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END AS of_type,
       c.relowner::regrole::text AS owner,
       d.description AS comment
FROM pg_class c
JOIN pg_type t ON t.oid = c.reltype
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_depend m ON (m.refclassid, m.classid, m.objid, m.deptype)
                       = ('pg_extension'::regclass, 'pg_class'::regclass, c.oid, 'e')
LEFT JOIN pg_extension e ON e.oid = m.refobjid
LEFT JOIN pg_class toast ON toast.oid = c.reltoastrelid
LEFT JOIN pg_am am ON am.oid = c.relam
LEFT JOIN pg_tablespace ts ON ts.oid = c.reltablespace
LEFT JOIN pg_description d ON (d.classoid, d.objoid, d.objsubid) = ('pg_class'::regclass, c.oid, 0)
LEFT JOIN (
    SELECT inhrelid, min(header(pg_inherits)) AS header, array_agg(inhparent::regclass::text ORDER BY inhseqno) AS parents
    FROM pg_inherits GROUP BY inhrelid
) inherited ON inherited.inhrelid = c.oid
WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p')
  AND c.relpersistence <> 't'
  AND n.nspname !~ '^(pg_temp|pg_toast|information_schema$)'
