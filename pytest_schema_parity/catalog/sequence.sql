SELECT format('%I.%I', n.nspname, c.relname) AS name,
       CASE WHEN a.attname IS NULL THEN 'schema' ELSE 'column' END AS parent_kind,
       CASE WHEN a.attname IS NULL THEN quote_ident(n.nspname)
            ELSE format('%I.%I.%I', tn.nspname, t.relname, a.attname) END AS parent_name,
       (SELECT header(s) FROM pg_depend s  -- CREATE writes it; GRANT and ALTER do not
        WHERE (s.classid, s.objid, s.objsubid) = ('pg_class'::regclass, c.oid, 0)
          -- Cast so that no index is used for this condition, which most rows meet.
          AND s.refclassid::bigint = 'pg_namespace'::regclass::bigint
        LIMIT 1) AS made,
       ARRAY[header(c), header(s)] AS changed,
       ARRAY['comment', header(d)] AS parts,
       format_type(s.seqtypid, NULL) AS type,
       s.seqstart AS start, s.seqincrement AS increment, s.seqmin AS minimum, s.seqmax AS maximum,
       s.seqcache AS cache, s.seqcycle AS cycle,
       CASE c.relpersistence WHEN 'u' THEN 'unlogged' END AS persistence,
       CASE o.deptype WHEN 'i' THEN true END AS identity,
       c.relowner::regrole::text AS owner,
       d.description AS comment
FROM pg_sequence s
JOIN pg_class c ON c.oid = s.seqrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_depend o ON (o.classid, o.objid) = ('pg_class'::regclass, c.oid)
                     AND o.refclassid = 'pg_class'::regclass AND o.refobjsubid > 0
                     AND o.deptype IN ('a', 'i')
LEFT JOIN pg_class t ON t.oid = o.refobjid
LEFT JOIN pg_namespace tn ON tn.oid = t.relnamespace
LEFT JOIN pg_attribute a ON (a.attrelid, a.attnum) = (o.refobjid, o.refobjsubid)
LEFT JOIN pg_description d ON (d.classoid, d.objoid, d.objsubid) = ('pg_class'::regclass, c.oid, 0)
WHERE s.seqrelid >= 16384
  AND n.nspname !~ '^(pg_temp|pg_toast|information_schema$)'
  AND c.oid NOT IN (SELECT objid FROM pg_depend WHERE (refclassid, classid, deptype)
                    = ('pg_extension'::regclass, 'pg_class'::regclass, 'e'))
