SELECT format('%I.%I.%I', n.nspname, c.relname, a.attname) AS name,
       CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
                      WHEN 'f' THEN 'foreign table' WHEN 'c' THEN 'composite type'
                      ELSE 'table' END AS parent_kind,
       format('%I.%I', n.nspname, c.relname) AS parent_name,
       NULL AS made,
       ARRAY[header(a)] AS changed,
       ARRAY['default generated', header(f),
             'not_null not_null_name not_null_validated', header(nn), -- since 18
             'comment', header(d)] AS parts,
       row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum) AS position,
       format_type(a.atttypid, a.atttypmod) AS type,
       nullif(a.attnotnull, false) AS not_null,
       CASE WHEN nn.coninhcount = 0 AND octet_length(c.relname || a.attname) < 54 -- since 18
            THEN nullif(nn.conname, format('%s_%s_not_null', c.relname, a.attname)) -- since 18
       END::text AS not_null_name, -- since 18
       nullif(nn.convalidated, true) AS not_null_validated, -- since 18
       nullif(nn.connoinherit, false) AS not_null_no_inherit, -- since 18
       nd.description AS not_null_comment, -- since 18
       CASE WHEN a.attgenerated = '' THEN pg_get_expr(f.adbin, 0) END AS "default",
       CASE WHEN a.attgenerated <> '' THEN pg_get_expr(f.adbin, f.adrelid) END AS generated,
       CASE a.attgenerated WHEN 's' THEN 'stored' WHEN 'v' THEN 'virtual' END AS generation,
       CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' END AS identity,
       CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text END
           AS collation,
       CASE WHEN c.relkind IN ('r', 'p', 'm', 'f') AND a.attstorage <> t.typstorage
            THEN CASE a.attstorage WHEN 'p' THEN 'plain' WHEN 'e' THEN 'external'
                 WHEN 'm' THEN 'main' ELSE 'extended' END END AS storage,
       CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END AS compression,
       nullif(a.attstattarget, -1) AS statistics,
       CASE WHEN a.attoptions IS NOT NULL
            THEN ARRAY(SELECT unnest(a.attoptions) COLLATE "C" ORDER BY 1) END AS options,
       CASE WHEN a.attfdwoptions IS NOT NULL
            THEN ARRAY(SELECT unnest(a.attfdwoptions) COLLATE "C" ORDER BY 1) END AS foreign_options,
       CASE WHEN a.attinhcount > 0 THEN a.attislocal END AS local,
       d.description AS comment
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef f ON (f.adrelid, f.adnum) = (a.attrelid, a.attnum)
LEFT JOIN pg_constraint nn ON nn.contype = 'n' AND nn.conrelid = a.attrelid -- since 18
                          AND nn.conkey = ARRAY[a.attnum] -- since 18
LEFT JOIN pg_description nd ON (nd.classoid, nd.objoid) -- since 18
                            = ('pg_constraint'::regclass, nn.oid) -- since 18
LEFT JOIN pg_description d
       ON (d.classoid, d.objoid, d.objsubid) = ('pg_class'::regclass, a.attrelid, a.attnum)
WHERE a.attrelid >= 16384 AND a.attnum > 0 AND NOT a.attisdropped
  AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')
  AND n.nspname !~ '^(pg_temp|pg_toast|information_schema$)'
  AND (c.relkind IN ('r', 'p') OR c.oid NOT IN (
           SELECT objid FROM pg_depend WHERE (refclassid, classid, deptype)
               = ('pg_extension'::regclass, 'pg_class'::regclass, 'e')))
  AND (c.relkind <> 'c' OR c.reltype NOT IN ( -- the type is the member, its relation is not
           SELECT objid FROM pg_depend WHERE (refclassid, classid, deptype)
               = ('pg_extension'::regclass, 'pg_type'::regclass, 'e')))
