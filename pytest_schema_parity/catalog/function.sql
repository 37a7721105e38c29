SELECT format('%I.%I(%s)', n.nspname, p.proname, oidvectortypes(p.proargtypes)) AS name,
       'schema' AS parent_kind,
       quote_ident(n.nspname) AS parent_name,
       NULL AS made,
       ARRAY[p.xmin || ':' || p.cmin, d.xmin || ':' || d.cmin] AS changed,
       pg_get_function_arguments(p.oid) AS arguments,
       pg_get_function_result(p.oid) AS returns,
       l.lanname::text AS language,
       coalesce(pg_get_function_sqlbody(p.oid), p.prosrc) AS body,
       CASE p.prokind WHEN 'w' THEN true END AS "window",
       CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' END AS volatility,
       nullif(p.proisstrict, false) AS strict,
       nullif(p.prosecdef, false) AS security_definer,
       nullif(p.proleakproof, false) AS leakproof,
       CASE p.proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' END AS parallel,
       CASE WHEN p.procost <> CASE WHEN l.lanname IN ('c', 'internal') THEN 1 ELSE 100 END
            THEN p.procost END AS cost,
       CASE WHEN p.proretset AND p.prorows <> 1000 THEN p.prorows END AS rows,
       CASE WHEN p.prosupport <> 0 THEN p.prosupport::text END AS support,
       p.proconfig AS settings,
       quote_ident(r.rolname) AS owner,
       d.description AS comment
FROM pg_proc p
JOIN pg_namespace n ON n.oid = p.pronamespace
JOIN pg_language l ON l.oid = p.prolang
JOIN pg_roles r ON r.oid = p.proowner
LEFT JOIN pg_description d ON (d.classoid, d.objoid) = ('pg_proc'::regclass, p.oid)
WHERE p.oid >= 16384 AND p.prokind IN ('f', 'w')
  AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend e
                  WHERE (e.classid, e.objid, e.deptype) = ('pg_proc'::regclass, p.oid, 'e'))
