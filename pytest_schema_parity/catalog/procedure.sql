SELECT format('%I.%I(%s)', n.nspname, p.proname, oidvectortypes(p.proargtypes)) AS name,
       'schema' AS parent_kind,
       quote_ident(n.nspname) AS parent_name,
       NULL AS made,
       ARRAY[p.xmin || ':' || p.cmin, d.xmin || ':' || d.cmin] AS changed,
       pg_get_function_arguments(p.oid) AS arguments,
       l.lanname::text AS language,
       coalesce(pg_get_function_sqlbody(p.oid), p.prosrc) AS body,
       nullif(p.prosecdef, false) AS security_definer,
       p.proconfig AS settings,
       quote_ident(r.rolname) AS owner,
       d.description AS comment
FROM pg_proc p
JOIN pg_namespace n ON n.oid = p.pronamespace
JOIN pg_language l ON l.oid = p.prolang
JOIN pg_roles r ON r.oid = p.proowner
LEFT JOIN pg_description d ON (d.classoid, d.objoid) = ('pg_proc'::regclass, p.oid)
WHERE p.oid >= 16384 AND p.prokind = 'p'
  AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend e
                  WHERE (e.classid, e.objid, e.deptype) = ('pg_proc'::regclass, p.oid, 'e'))
