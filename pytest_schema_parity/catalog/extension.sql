SELECT quote_ident(e.extname) AS name,
       NULL AS made,
       ARRAY[header(e)] AS changed,
       ARRAY['comment', header(d)] AS parts,
       e.extversion AS version,
       quote_ident(n.nspname) AS schema,
       e.extowner::regrole::text AS owner,
       d.description AS comment
FROM pg_extension e
JOIN pg_namespace n ON n.oid = e.extnamespace
LEFT JOIN pg_description d ON (d.classoid, d.objoid) = ('pg_extension'::regclass, e.oid)
