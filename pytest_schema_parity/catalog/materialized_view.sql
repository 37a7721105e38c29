SELECT format('%I.%I', n.nspname, c.relname) AS name,
       'schema' AS parent_kind,
       quote_ident(n.nspname) AS parent_name,
       t.xmin || ':' || t.cmin AS made,
       ARRAY[w.xmin || ':' || w.cmin, c.xmin || ':' || c.cmin, d.xmin || ':' || d.cmin] AS changed,
       pg_get_viewdef(c.oid) AS definition,
       c.relispopulated AS populated,
       (SELECT array_agg(option ORDER BY option) FROM unnest(c.reloptions) option) AS options,
       nullif(am.amname, 'heap') AS access_method,
       quote_ident(ts.spcname) AS tablespace,
       quote_ident(r.rolname) AS owner,
       d.description AS comment
FROM pg_class c
JOIN pg_type t ON t.oid = c.reltype
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_roles r ON r.oid = c.relowner
JOIN pg_rewrite w ON w.ev_class = c.oid AND w.rulename = '_RETURN'
LEFT JOIN pg_am am ON am.oid = c.relam
LEFT JOIN pg_tablespace ts ON ts.oid = c.reltablespace
LEFT JOIN pg_description d ON (d.classoid, d.objoid, d.objsubid) = ('pg_class'::regclass, c.oid, 0)
WHERE c.oid >= 16384 AND c.relkind = 'm'
  AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend e
                  WHERE (e.classid, e.objid, e.deptype) = ('pg_class'::regclass, c.oid, 'e'))
