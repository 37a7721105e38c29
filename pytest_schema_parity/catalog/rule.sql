SELECT format('%I.%I.%I', n.nspname, c.relname, w.rulename) AS name,
       CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' ELSE 'table' END
           AS parent_kind,
       format('%I.%I', n.nspname, c.relname) AS parent_name,
       NULL AS made,
       ARRAY[header(w)] AS changed,
       ARRAY['comment', header(d)] AS parts,
       substring(pg_get_ruledef(w.oid) FROM ' AS\s+(ON .*)$') AS definition,
       CASE w.ev_enabled WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'replica' WHEN 'A' THEN 'always' END
           AS enabled,
       d.description AS comment
FROM pg_rewrite w
JOIN pg_class c ON c.oid = w.ev_class
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_description d ON (d.classoid, d.objoid) = ('pg_rewrite'::regclass, w.oid)
WHERE w.oid >= 16384 AND w.rulename <> '_RETURN'
  AND n.nspname !~ '^(pg_temp|pg_toast|information_schema$)'
