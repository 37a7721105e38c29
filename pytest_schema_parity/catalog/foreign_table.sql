SELECT format('%I.%I', n.nspname, c.relname) AS name,
       'schema' AS parent_kind,
       quote_ident(n.nspname) AS parent_name,
       header(t) AS made,
       ARRAY[header(c), header(f)] AS changed,
       ARRAY['comment', header(d)] AS parts,
       quote_ident(s.srvname) AS server,
       ARRAY(SELECT unnest(f.ftoptions) COLLATE "C" ORDER BY 1) AS options,
       c.relowner::regrole::text AS owner,
       d.description AS comment
FROM pg_foreign_table f
JOIN pg_foreign_server s ON s.oid = f.ftserver
JOIN pg_class c ON c.oid = f.ftrelid
JOIN pg_type t ON t.oid = c.reltype
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_description d ON (d.classoid, d.objoid, d.objsubid) = ('pg_class'::regclass, c.oid, 0)
WHERE c.oid NOT IN (SELECT objid FROM pg_depend WHERE (refclassid, classid, deptype)
                    = ('pg_extension'::regclass, 'pg_class'::regclass, 'e'))
