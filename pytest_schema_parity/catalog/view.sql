SELECT format('%I.%I', n.nspname, c.relname) AS name,
       'schema' AS parent_kind,
       quote_ident(n.nspname) AS parent_name,
       header(t) AS made,
       ARRAY[header(w), header(c)] AS changed,
       ARRAY['definition', header(w), 'comment', header(d)] AS parts,
       pg_get_viewdef(c.oid) AS definition,
       nullif(o.security_invoker::boolean, false) AS security_invoker,
       nullif(o.security_barrier::boolean, false) AS security_barrier,
       o.check_option,
       c.relowner::regrole::text AS owner,
       d.description AS comment
FROM pg_class c
JOIN pg_type t ON t.oid = c.reltype
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_rewrite w ON w.ev_class = c.oid AND w.rulename = '_RETURN'
LEFT JOIN LATERAL (
    SELECT max(option_value) FILTER (WHERE option_name = 'security_invoker') AS security_invoker,
           max(option_value) FILTER (WHERE option_name = 'security_barrier') AS security_barrier,
           max(option_value) FILTER (WHERE option_name = 'check_option') AS check_option
    FROM pg_options_to_table(c.reloptions)
) o ON c.reloptions IS NOT NULL
LEFT JOIN pg_description d ON (d.classoid, d.objoid, d.objsubid) = ('pg_class'::regclass, c.oid, 0)
WHERE c.oid >= 16384 AND c.relkind = 'v'
  AND n.nspname !~ '^(pg_temp|pg_toast|information_schema$)'
  AND c.oid NOT IN (SELECT objid FROM pg_depend WHERE (refclassid, classid, deptype)
                    = ('pg_extension'::regclass, 'pg_class'::regclass, 'e'))
