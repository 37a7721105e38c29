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
       a.aggkind::text AS aggregate_kind,
       a.aggtransfn::text AS transition_function,
       nullif(a.aggfinalfn::text, '-') AS final_function,
       nullif(a.aggfinalextra, false) AS final_extra,
       CASE WHEN a.aggfinalmodify <> CASE a.aggkind WHEN 'n' THEN 'r'::"char" ELSE 'w' END THEN
           CASE a.aggfinalmodify
               WHEN 'r' THEN 'read only' WHEN 's' THEN 'shareable' ELSE 'read write' END
       END AS final_modify,
       nullif(a.aggtransspace, 0) AS state_space,
       nullif(a.aggcombinefn::text, '-') AS combine_function,
       format_type(a.aggtranstype, NULL) AS state_type,
       a.agginitval AS initial_value,
       CASE p.proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' END AS parallel,
       nullif(a.aggmtransfn::text, '-') AS moving_transition_function,
       nullif(a.aggminvtransfn::text, '-') AS moving_inverse_function,
       nullif(a.aggmfinalfn::text, '-') AS moving_final_function,
       nullif(a.aggmtranstype::regtype::text, '-') AS moving_state_type,
       nullif(a.aggmfinalextra, false) AS moving_final_extra,
       CASE WHEN a.aggmfinalmodify <> CASE a.aggkind WHEN 'n' THEN 'r'::"char" ELSE 'w' END THEN
           CASE a.aggmfinalmodify
               WHEN 'r' THEN 'read only' WHEN 's' THEN 'shareable' ELSE 'read write' END
       END AS moving_final_modify,
       nullif(a.aggmtransspace, 0) AS moving_state_space,
       a.aggminitval AS moving_initial_value,
       nullif(a.aggsortop::regoperator::text, '0') AS sort_operator,
       nullif(a.aggserialfn::text, '-') AS serial_function,
       nullif(a.aggdeserialfn::text, '-') AS deserial_function,
       p.proowner::regrole::text AS owner,
       d.description AS comment
FROM pg_aggregate a
JOIN pg_proc p ON p.oid = a.aggfnoid
JOIN pg_namespace n ON n.oid = p.pronamespace
LEFT JOIN pg_description d ON (d.classoid, d.objoid) = ('pg_proc'::regclass, p.oid)
WHERE p.oid >= 16384
  AND n.nspname !~ '^(pg_temp|pg_toast|information_schema$)'
  AND p.oid NOT IN (SELECT objid FROM pg_depend WHERE (refclassid, classid, deptype)
                    = ('pg_extension'::regclass, 'pg_proc'::regclass, 'e'))
