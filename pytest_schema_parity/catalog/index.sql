SELECT format('%I.%I', n.nspname, c.relname) AS name,
       CASE WHEN k.oid IS NOT NULL THEN 'constraint'
            WHEN t.relkind = 'm' THEN 'materialized view' ELSE 'table' END AS parent_kind,
       format('%I.%I', tn.nspname, t.relname) || coalesce('.' || quote_ident(k.conname), '')
           AS parent_name,
       NULL AS made,
       ARRAY[c.xmin || ':' || c.cmin, i.xmin || ':' || i.cmin, d.xmin || ':' || d.cmin] AS changed,
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
       columns.keys AS columns,
       columns.included AS include,
       pg_get_expr(i.indpred, i.indrelid) AS predicate,
       (SELECT array_agg(option ORDER BY option) FROM unnest(c.reloptions) option) AS options,
       quote_ident(ts.spcname) AS tablespace,
       (SELECT inhparent::regclass::text FROM pg_inherits WHERE inhrelid = c.oid) AS partition_of,
       d.description AS comment
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_class t ON t.oid = i.indrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_namespace tn ON tn.oid = t.relnamespace
JOIN pg_am am ON am.oid = c.relam
LEFT JOIN pg_constraint k ON k.conindid = c.oid AND k.conrelid = t.oid
                         AND k.contype IN ('p', 'u', 'x')
LEFT JOIN pg_tablespace ts ON ts.oid = c.reltablespace
LEFT JOIN pg_description d ON (d.classoid, d.objoid, d.objsubid) = ('pg_class'::regclass, c.oid, 0)
CROSS JOIN LATERAL (
    SELECT array_agg(part.text ORDER BY part.rank) FILTER (WHERE part.rank <= i.indnkeyatts) AS keys,
           array_agg(part.text ORDER BY part.rank) FILTER (WHERE part.rank > i.indnkeyatts)
               AS included
    FROM (
        SELECT a.attnum AS rank,
               pg_get_indexdef(c.oid, a.attnum, false)
               || CASE WHEN a.attnum > i.indnkeyatts THEN '' ELSE
                    CASE WHEN a.attcollation NOT IN (0, ty.typcollation)
                              AND a.attcollation <> coalesce(source.attcollation, 0)
                         THEN ' COLLATE ' || a.attcollation::regcollation::text ELSE '' END
                  || CASE WHEN op.opcdefault THEN '' ELSE ' ' || format('%I.%I', opn.nspname, op.opcname) END
                  || coalesce(' (' || array_to_string(a.attoptions, ', ') || ')', '')
                  || CASE WHEN o.option & 1 = 1 THEN ' DESC' ELSE '' END
                  || CASE WHEN o.option & 3 = 2 THEN ' NULLS FIRST'
                          WHEN o.option & 3 = 1 THEN ' NULLS LAST' ELSE '' END
                  END AS text
        FROM pg_attribute a
        JOIN pg_type ty ON ty.oid = a.atttypid
        LEFT JOIN pg_attribute source
               ON (source.attrelid, source.attnum) = (i.indrelid, i.indkey[a.attnum - 1])
        LEFT JOIN pg_opclass op ON op.oid = i.indclass[a.attnum - 1]
        LEFT JOIN pg_namespace opn ON opn.oid = op.opcnamespace
        CROSS JOIN LATERAL (SELECT coalesce(i.indoption[a.attnum - 1], 0) AS option) o
        WHERE a.attrelid = c.oid
    ) part
) columns
WHERE i.indexrelid >= 16384
  AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend e
                  WHERE (e.classid, e.objid, e.deptype) = ('pg_class'::regclass, t.oid, 'e'))
