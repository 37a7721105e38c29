SELECT format('%I.%I.%I', n.nspname, c.relname, p.polname) AS name,
       'table' AS parent_kind,
       format('%I.%I', n.nspname, c.relname) AS parent_name,
       NULL AS made,
       ARRAY[header(p)] AS changed,
       ARRAY['comment', header(d)] AS parts,
       CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE'
                     WHEN 'd' THEN 'DELETE' ELSE 'ALL' END AS command,
       nullif(p.polpermissive, true) AS permissive,
       (SELECT array_agg(CASE role WHEN 0 THEN 'PUBLIC' ELSE role::regrole::text END
                         ORDER BY CASE role WHEN 0 THEN 'PUBLIC' ELSE role::regrole::text END
                                  COLLATE "C")
        FROM unnest(p.polroles) role) AS roles,
       pg_get_expr(p.polqual, p.polrelid) AS "using",
       pg_get_expr(p.polwithcheck, p.polrelid) AS "check",
       d.description AS comment
FROM pg_policy p
JOIN pg_class c ON c.oid = p.polrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_description d ON (d.classoid, d.objoid) = ('pg_policy'::regclass, p.oid)
WHERE n.nspname !~ '^(pg_temp|pg_toast|information_schema$)'
