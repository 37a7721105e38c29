SELECT format('%I.%I', n.nspname, t.typname) AS name,
       'schema' AS parent_kind,
       quote_ident(n.nspname) AS parent_name,
       header(t) AS made,
       ARRAY[header(r)] AS changed,
       ARRAY['comment', header(d)] AS parts,
       format_type(r.rngsubtype, NULL) AS subtype,
       format_type(r.rngmultitypid, NULL) AS multirange,
       CASE WHEN NOT (o.opcdefault AND o.opcintype = r.rngsubtype)
            THEN format('%s.%I', o.opcnamespace::regnamespace, o.opcname) END
           AS subtype_operator_class,
       CASE WHEN r.rngcollation <> 0 THEN r.rngcollation::regcollation::text END AS collation,
       CASE WHEN r.rngcanonical <> 0 THEN r.rngcanonical::text END AS canonical,
       CASE WHEN r.rngsubdiff <> 0 THEN r.rngsubdiff::text END AS subtype_diff,
       t.typowner::regrole::text AS owner,
       d.description AS comment
FROM pg_range r
JOIN pg_type t ON t.oid = r.rngtypid
JOIN pg_opclass o ON o.oid = r.rngsubopc
JOIN pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_description d ON (d.classoid, d.objoid) = ('pg_type'::regclass, t.oid)
WHERE r.rngtypid >= 16384
  AND n.nspname !~ '^(pg_temp|pg_toast|information_schema$)'
  AND t.oid NOT IN (SELECT objid FROM pg_depend WHERE (refclassid, classid, deptype)
                    = ('pg_extension'::regclass, 'pg_type'::regclass, 'e'))
