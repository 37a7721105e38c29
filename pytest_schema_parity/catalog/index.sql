-- A partition's index is its parent's word again, unless it says something of its own.
WITH key AS (
    SELECT i.indexrelid, k.rank <= i.indnkeyatts AS is_key, k.rank,
           CASE k.number WHEN 0 THEN pg_get_indexdef(i.indexrelid, k.rank::integer, false)
                         ELSE quote_ident(a.attname) END
           || CASE WHEN k.collid NOT IN (0, coalesce(a.attcollation, 0), t.typcollation)
                   THEN ' COLLATE ' || k.collid::regcollation::text ELSE '' END
           || CASE WHEN o.opcdefault OR o.oid IS NULL THEN ''
                   WHEN o.opcnamespace = 'pg_catalog'::regnamespace THEN ' ' || quote_ident(o.opcname)
                   ELSE format(' %s.%I', o.opcnamespace::regnamespace, o.opcname) END
           || coalesce(' (' || array_to_string(x.attoptions, ', ') || ')', '')
           || CASE k.option WHEN 1 THEN ' DESC NULLS LAST' WHEN 2 THEN ' NULLS FIRST'
                            WHEN 3 THEN ' DESC' ELSE '' END AS part,
           nullif(x.attstattarget, -1) AS target
    FROM pg_index i
    CROSS JOIN LATERAL unnest(i.indkey::int2[], i.indclass::oid[], i.indcollation::oid[],
                              i.indoption::int2[])
        WITH ORDINALITY AS k (number, class, collid, option, rank)
    JOIN pg_attribute x ON x.attrelid = i.indexrelid AND x.attnum = k.rank
    JOIN pg_type t ON t.oid = x.atttypid
    LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number AND k.number <> 0
    LEFT JOIN pg_opclass o ON o.oid = k.class
    WHERE i.indexrelid >= 16384
), keys AS (
    SELECT indexrelid, array_agg(part ORDER BY rank) FILTER (WHERE is_key) AS columns,
           array_agg(part ORDER BY rank) FILTER (WHERE NOT is_key) AS included,
           array_agg(format('%s: %s', rank, target) ORDER BY rank)
               FILTER (WHERE target IS NOT NULL) AS statistics
    FROM key GROUP BY indexrelid
)
SELECT format('%I.%I', n.nspname, c.relname) AS name,
       CASE WHEN k.conislocal THEN 'constraint'
            WHEN t.relkind = 'm' THEN 'materialized view' ELSE 'table' END AS parent_kind,
       format('%I.%I', n.nspname, t.relname)
           || CASE WHEN k.conislocal THEN '.' || quote_ident(k.conname) ELSE '' END AS parent_name,
       NULL AS made,
       ARRAY[header(c), header(i), header(d)] AS changed,
       CASE WHEN k.oid IS NULL THEN 'index' ELSE 'constraint' END AS form,
       am.amname AS method,
       i.indisunique AS "unique",
       nullif(i.indisprimary, false) AS "primary",
       nullif(i.indisexclusion, false) AS exclusion,
       nullif(i.indimmediate, true) AS immediate,
       nullif(i.indnullsnotdistinct, false) AS nulls_not_distinct,
       nullif(i.indisvalid, true) AS valid,
       nullif(i.indisclustered, false) AS clustered,
       nullif(i.indisreplident, false) AS replica_identity,
       keys.columns,
       keys.included AS include,
       pg_get_expr(i.indpred, i.indrelid) AS predicate,
       CASE WHEN c.reloptions IS NOT NULL
            THEN ARRAY(SELECT unnest(c.reloptions) COLLATE "C" ORDER BY 1) END AS options,
       keys.statistics,
       quote_ident(ts.spcname) AS tablespace,
       parent.oid::regclass::text AS partition_of,
       d.description AS comment
FROM pg_index i
JOIN keys ON keys.indexrelid = i.indexrelid
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_class t ON t.oid = i.indrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_am am ON am.oid = c.relam
LEFT JOIN pg_constraint k ON k.conindid = c.oid AND k.contype IN ('p', 'u', 'x')
LEFT JOIN pg_inherits inherited ON inherited.inhrelid = c.oid AND c.relispartition
LEFT JOIN pg_class parent ON parent.oid = inherited.inhparent
LEFT JOIN pg_tablespace ts ON ts.oid = c.reltablespace
LEFT JOIN pg_description d ON (d.classoid, d.objoid, d.objsubid) = ('pg_class'::regclass, c.oid, 0)
WHERE (parent.oid IS NULL OR i.indisclustered OR i.indisreplident OR NOT i.indisvalid
       OR d.description IS NOT NULL OR c.reltablespace <> parent.reltablespace
       OR c.reloptions IS DISTINCT FROM parent.reloptions)
  AND n.nspname !~ '^(pg_temp|pg_toast|information_schema$)'
  AND t.oid NOT IN (SELECT objid FROM pg_depend WHERE (refclassid, classid, deptype)
                    = ('pg_extension'::regclass, 'pg_class'::regclass, 'e'))
