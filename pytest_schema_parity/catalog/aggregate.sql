SELECT format('%I.%I(%s)', n.nspname, p.proname, oidvectortypes(p.proargtypes)) AS name,
       'schema' AS parent_kind,
       quote_ident(n.nspname) AS parent_name,
       NULL AS made,
       ARRAY[p.xmin || ':' || p.cmin, a.xmin || ':' || a.cmin, d.xmin || ':' || d.cmin] AS changed,
       pg_get_function_arguments(p.oid) AS arguments,
       pg_get_function_result(p.oid) AS returns,
       a.aggkind::text AS aggregate_kind,
       a.aggtransfn::text AS transition_function,
       a.aggfinalfn::text AS final_function,
       nullif(a.aggcombinefn::text, '-') AS combine_function,
       format_type(a.aggtranstype, NULL) AS state_type,
       a.agginitval AS initial_value,
       CASE p.proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' END AS parallel,
       p.proowner::regrole::text AS owner,
       d.description AS comment
FROM pg_aggregate a
JOIN pg_proc p ON p.oid = a.aggfnoid
JOIN pg_namespace n ON n.oid = p.pronamespace
LEFT JOIN pg_description d ON (d.classoid, d.objoid) = ('pg_proc'::regclass, p.oid)
WHERE p.oid >= 16384
  AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend e
                  WHERE (e.classid, e.objid, e.deptype) = ('pg_proc'::regclass, p.oid, 'e'))
