SELECT quote_ident(n.nspname) AS name,
       NULL AS made,
       ARRAY[header(n)] AS changed,
       ARRAY['comment', header(d)] AS parts,
       n.nspowner::regrole::text AS owner,
       d.description AS comment
FROM pg_namespace n
LEFT JOIN pg_description d ON (d.classoid, d.objoid) = ('pg_namespace'::regclass, n.oid)
WHERE (n.oid >= 16384 OR n.nspname = 'public')
  AND n.nspname NOT LIKE 'pg\_%'
  AND n.oid NOT IN (SELECT objid FROM pg_depend WHERE (refclassid, classid, deptype)
                    = ('pg_extension'::regclass, 'pg_namespace'::regclass, 'e'))
