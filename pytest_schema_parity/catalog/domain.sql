SELECT format('%I.%I', n.nspname, t.typname) AS name,
       'schema' AS parent_kind,
       quote_ident(n.nspname) AS parent_name,
       (SELECT header(s) FROM pg_depend s  -- CREATE writes it; GRANT and ALTER do not
        WHERE (s.classid, s.objid, s.objsubid) = ('pg_type'::regclass, t.oid, 0)
          -- Cast so that no index is used for this condition, which most rows meet.
          AND s.refclassid::bigint = 'pg_namespace'::regclass::bigint
        LIMIT 1) AS made,
       ARRAY[header(t)] AS changed,
       ARRAY['comment', header(d)] AS parts,
       format_type(t.typbasetype, t.typtypmod) AS type,
       nullif(t.typnotnull, false) AS not_null,
       CASE WHEN octet_length(t.typname) < 54 -- since 17
            THEN nullif(nn.conname, t.typname || '_not_null') END::text AS not_null_name, -- since 17
       obj_description(nn.oid, 'pg_constraint') AS not_null_comment, -- since 17
       pg_get_expr(t.typdefaultbin, 0) AS "default",
       CASE WHEN t.typcollation <> b.typcollation THEN t.typcollation::regcollation::text END
           AS collation,
       t.typowner::regrole::text AS owner,
       d.description AS comment
FROM pg_type t
JOIN pg_namespace n ON n.oid = t.typnamespace
JOIN pg_type b ON b.oid = t.typbasetype
LEFT JOIN pg_constraint nn ON nn.contypid = t.oid AND nn.contype = 'n' -- since 17
LEFT JOIN pg_description d ON (d.classoid, d.objoid) = ('pg_type'::regclass, t.oid)
WHERE t.oid >= 16384 AND t.typtype = 'd'
  AND n.nspname !~ '^(pg_temp|pg_toast|information_schema$)'
  AND t.oid NOT IN (SELECT objid FROM pg_depend WHERE (refclassid, classid, deptype)
                    = ('pg_extension'::regclass, 'pg_type'::regclass, 'e'))
