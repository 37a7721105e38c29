SELECT format('%I.%I', n.nspname, c.relname) AS name,
       'schema' AS parent_kind,
       quote_ident(n.nspname) AS parent_name,
       header(t) AS made,
       ARRAY[header(w), header(c)] AS changed,
       ARRAY['definition', header(w), 'comment', header(d)] AS parts,
       pg_get_viewdef(c.oid) AS definition,
       c.relispopulated AS populated,
       CASE WHEN c.reloptions IS NOT NULL OR toast.reloptions IS NOT NULL THEN ARRAY(
           SELECT unnest(c.reloptions) COLLATE "C"
           UNION ALL SELECT 'toast.' || unnest(toast.reloptions) ORDER BY 1) END AS options,
       nullif(am.amname, 'heap') AS access_method,
       quote_ident(ts.spcname) AS tablespace,
       CASE c.relreplident WHEN 'n' THEN 'nothing' WHEN 'f' THEN 'full' WHEN 'i' THEN 'index' END
           AS replica_identity,
       c.relowner::regrole::text AS owner,
       -- ALTER … DEPENDS ON EXTENSION
       (SELECT array_agg(quote_ident(e.extname) ORDER BY e.extname)
        FROM pg_depend x JOIN pg_extension e ON e.oid = x.refobjid
        WHERE (x.classid, x.objid, x.refclassid, x.deptype)
              = ('pg_class'::regclass, c.oid, 'pg_extension'::regclass, 'x')) AS depends_on_extensions,
       d.description AS comment
FROM pg_class c
JOIN pg_type t ON t.oid = c.reltype
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_rewrite w ON w.ev_class = c.oid AND w.rulename = '_RETURN'
LEFT JOIN pg_class toast ON toast.oid = c.reltoastrelid
LEFT JOIN pg_am am ON am.oid = c.relam
LEFT JOIN pg_tablespace ts ON ts.oid = c.reltablespace
LEFT JOIN pg_description d ON (d.classoid, d.objoid, d.objsubid) = ('pg_class'::regclass, c.oid, 0)
WHERE c.oid >= 16384 AND c.relkind = 'm'
  AND n.nspname !~ '^(pg_temp|pg_toast|information_schema$)'
  AND c.oid NOT IN (SELECT objid FROM pg_depend WHERE (refclassid, classid, deptype)
                    = ('pg_extension'::regclass, 'pg_class'::regclass, 'e'))
