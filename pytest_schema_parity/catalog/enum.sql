SELECT format('%I.%I', n.nspname, t.typname) AS name,
       'schema' AS parent_kind,
       quote_ident(n.nspname) AS parent_name,
       header(t) AS made,
       l.headers AS changed,
       ARRAY['comment', header(d)] AS parts,
       coalesce(l.labels, '{}') AS labels,
       t.typowner::regrole::text AS owner,
       d.description AS comment
FROM pg_type t
JOIN pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN (
    SELECT e.enumtypid, array_agg(e.enumlabel::text ORDER BY e.enumsortorder) AS labels,
           array_agg(header(e)) AS headers
    FROM pg_enum e GROUP BY e.enumtypid
) l ON l.enumtypid = t.oid
LEFT JOIN pg_description d ON (d.classoid, d.objoid) = ('pg_type'::regclass, t.oid)
WHERE t.oid >= 16384 AND t.typtype = 'e'
  AND n.nspname !~ '^(pg_temp|pg_toast|information_schema$)'
  AND t.oid NOT IN (SELECT objid FROM pg_depend WHERE (refclassid, classid, deptype)
                    = ('pg_extension'::regclass, 'pg_type'::regclass, 'e'))
