SELECT format('%I.%I(%s)', n.nspname, p.proname, oidvectortypes(p.proargtypes)) AS name,
       'schema' AS parent_kind,
       quote_ident(n.nspname) AS parent_name,
       -- CREATE, with OR REPLACE too, writes what the routine depends on; GRANT and ALTER do not.
       (SELECT header(s) FROM pg_depend s
        WHERE (s.classid, s.objid, s.objsubid) = ('pg_proc'::regclass, p.oid, 0)
          AND (s.refclassid, s.refobjid) = ('pg_namespace'::regclass, p.pronamespace)
        LIMIT 1) AS made,
       ARRAY[header(p)] AS changed,
       pg_get_function_arguments(p.oid) AS arguments,
       pg_get_function_result(p.oid) AS returns,
       l.lanname::text AS language,
       coalesce(pg_get_function_sqlbody(p.oid), p.prosrc) AS body,
       p.probin AS library,
       CASE WHEN p.protrftypes IS NOT NULL
            THEN ARRAY(SELECT format_type(unnest(p.protrftypes), NULL)) END AS transforms,
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
       CASE WHEN p.proconfig IS NOT NULL
            THEN ARRAY(SELECT unnest(p.proconfig) COLLATE "C" ORDER BY 1) END AS settings,
       p.proowner::regrole::text AS owner,
       -- ALTER … DEPENDS ON EXTENSION
       (SELECT array_agg(quote_ident(e.extname) ORDER BY e.extname)
        FROM pg_depend x JOIN pg_extension e ON e.oid = x.refobjid
        WHERE (x.classid, x.objid, x.refclassid, x.deptype)
              = ('pg_proc'::regclass, p.oid, 'pg_extension'::regclass, 'x')) AS depends_on_extensions,
       d.description AS comment
FROM pg_proc p
JOIN pg_namespace n ON n.oid = p.pronamespace
JOIN pg_language l ON l.oid = p.prolang
LEFT JOIN pg_description d ON (d.classoid, d.objoid) = ('pg_proc'::regclass, p.oid)
WHERE p.oid >= 16384 AND p.prokind IN ('f', 'w')
  AND NOT (l.lanname = 'internal' AND p.prosrc ~ '^(multi)?range_constructor')
  AND n.nspname !~ '^(pg_temp|pg_toast|information_schema$)'
  AND p.oid NOT IN (SELECT objid FROM pg_depend WHERE (refclassid, classid, deptype)
                    = ('pg_extension'::regclass, 'pg_proc'::regclass, 'e'))
