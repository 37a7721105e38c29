SELECT format('%I.%I', n.nspname, c.relname) AS name,
       'schema' AS parent_kind,
       quote_ident(n.nspname) AS parent_name,
       header(t) AS made,
       ARRAY[header(c)] AS changed,
       ARRAY['comment', header(d)] AS parts,
       t.typowner::regrole::text AS owner,
       d.description AS comment
FROM pg_class c
JOIN pg_type t ON t.oid = c.reltype
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_description d ON (d.classoid, d.objoid, d.objsubid) = ('pg_type'::regclass, t.oid, 0)
WHERE c.oid >= 16384 AND c.relkind = 'c'
  AND n.nspname !~ '^(pg_temp|pg_toast|information_schema$)'
  AND t.oid NOT IN (SELECT objid FROM pg_depend WHERE (refclassid, classid, deptype)
                    = ('pg_extension'::regclass, 'pg_type'::regclass, 'e'))
