-- An index that is attached to a partitioned one is reported there, as far as it differs from that.
-- Collations and operator classes are reported where pg_get_indexdef shows them. It is not called
-- where the result is certain: the default of the column's own type, and the column's collation.
WITH RECURSIVE key AS (
    SELECT i.indexrelid, k.rank <= i.indnkeyatts AS is_key, k.rank,
           shown.text || CASE WHEN shown.has_collation THEN shown.collation ELSE '' END
           || CASE WHEN o.oid IS NULL OR o.opcdefault AND o.opcintype = a.atttypid THEN ''
                   WHEN strpos(pg_get_indexdef(i.indexrelid), shown.start || shown.text
                        || CASE WHEN shown.has_collation THEN shown.collation ELSE '' END
                        || class.name) > 0 THEN class.name
                   ELSE '' END
           || coalesce(' (' || array_to_string(x.attoptions, ', ') || ')', '')
           || CASE k.option WHEN 1 THEN ' DESC NULLS LAST' WHEN 2 THEN ' NULLS FIRST'
                            WHEN 3 THEN ' DESC' ELSE '' END AS part,
           nullif(x.attstattarget, -1) AS target
    FROM pg_index i
    CROSS JOIN LATERAL unnest(i.indkey::int2[], i.indclass::oid[], i.indcollation::oid[],
                              i.indoption::int2[])
        WITH ORDINALITY AS k (number, class, collid, option, rank)
    JOIN pg_attribute x ON x.attrelid = i.indexrelid AND x.attnum = k.rank
    LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number AND k.number <> 0
    LEFT JOIN pg_opclass o ON o.oid = k.class
    CROSS JOIN LATERAL (
        SELECT CASE k.number WHEN 0 THEN pg_get_indexdef(i.indexrelid, k.rank::integer, false)
                             ELSE quote_ident(a.attname) END AS text,
               CASE k.rank WHEN 1 THEN '(' ELSE ', ' END AS start,
               ' COLLATE ' || nullif(k.collid, 0)::regcollation AS collation
    ) part
    CROSS JOIN LATERAL (
        SELECT part.*,
               CASE WHEN k.number <> 0 THEN k.collid NOT IN (0, a.attcollation)
                    ELSE strpos(pg_get_indexdef(i.indexrelid),
                                part.start || part.text || part.collation) > 0 END AS has_collation
    ) shown
    CROSS JOIN LATERAL (
        SELECT CASE o.opcnamespace WHEN 'pg_catalog'::regnamespace
               THEN ' ' || quote_ident(o.opcname)
               ELSE format(' %s.%I', o.opcnamespace::regnamespace, o.opcname) END AS name
    ) class
    WHERE i.indexrelid >= 16384
), keys AS (
    SELECT indexrelid, array_agg(part ORDER BY rank) FILTER (WHERE is_key) AS columns,
           array_agg(part ORDER BY rank) FILTER (WHERE NOT is_key) AS included,
           array_agg(format('%s: %s', rank, target) ORDER BY rank)
               FILTER (WHERE target IS NOT NULL) AS statistics
    FROM key GROUP BY indexrelid
), branch AS (  -- partitioned indexes, and all that is attached to them
    SELECT c.oid AS id, c.oid AS root, 0::oid AS parent
    FROM pg_class c WHERE c.relkind = 'I' AND NOT c.relispartition
    UNION ALL
    SELECT h.inhrelid, b.root, b.id FROM branch b JOIN pg_inherits h ON h.inhparent = b.id
), child AS (
    SELECT b.root, i.indrelid::regclass::text AS "table", c.relname, d.description AS comment,
           CASE WHEN c.reloptions IS DISTINCT FROM p.reloptions
                THEN coalesce(c.reloptions, '{}') END AS options,
           nullif(c.reltablespace, p.reltablespace) AS tablespace,
           CASE WHEN k.statistics IS DISTINCT FROM up.statistics
                THEN coalesce(array_to_string(k.statistics, ', '), 'none') END AS statistics,
           nullif(concat_ws(', ', CASE WHEN i.indisclustered THEN 'clustered' END,
                                  CASE WHEN i.indisreplident THEN 'replica identity' END,
                                  CASE WHEN NOT i.indisvalid AND c.relkind = 'i'
                                       THEN 'not valid' END), '') AS states,
           c.relname = CASE WHEN i.indisprimary
               THEN left(t.relname, 62 - octet_length(made.label))
               ELSE left(t.relname, greatest((room.size + 1) / 2, room.size - made.length))
                    || '_' || left(made.columns, greatest(room.size / 2,
                                                          room.size - octet_length(t.relname)))
               END || '_' || made.label AS has_generated_name
    FROM branch b
    JOIN pg_index i ON i.indexrelid = b.id
    JOIN pg_class c ON c.oid = b.id
    JOIN pg_class t ON t.oid = i.indrelid
    JOIN pg_class p ON p.oid = b.parent
    JOIN keys k ON k.indexrelid = b.id
    JOIN keys up ON up.indexrelid = b.parent
    LEFT JOIN pg_description d
           ON (d.classoid, d.objoid, d.objsubid) = ('pg_class'::regclass, c.oid, 0)
    CROSS JOIN LATERAL (
        SELECT string_agg(a.attname, '_' ORDER BY a.attnum) AS columns,
               octet_length(string_agg(a.attname, '_')) AS length,
               substring(c.relname FROM '_((?:pkey|key|excl|idx)[0-9]*)$') AS label
        FROM pg_attribute a WHERE a.attrelid = b.id
    ) made
    CROSS JOIN LATERAL (SELECT 61 - octet_length(made.label) AS size) room
), children AS (
    SELECT root,
           array_agg(format('%s: %I', "table", relname) ORDER BY "table")
               FILTER (WHERE has_generated_name IS NOT TRUE) AS names,
           array_agg(format('%s: %s', "table", states) ORDER BY "table")
               FILTER (WHERE states IS NOT NULL) AS states,
           array_agg(format('%s: %s', "table", coalesce((
                         SELECT string_agg(o, ', ' ORDER BY o COLLATE "C") FROM unnest(options) o),
                         'none')) ORDER BY "table")
               FILTER (WHERE options IS NOT NULL) AS options,
           array_agg(format('%s: %s', "table", coalesce(quote_ident(ts.spcname), 'default'))
                     ORDER BY "table") FILTER (WHERE tablespace IS NOT NULL) AS tablespaces,
           array_agg(format('%s: %s', "table", statistics) ORDER BY "table")
               FILTER (WHERE statistics IS NOT NULL) AS statistics,
           array_agg(format('%s: %s', "table", comment) ORDER BY "table")
               FILTER (WHERE comment IS NOT NULL) AS comments
    FROM child LEFT JOIN pg_tablespace ts ON ts.oid = child.tablespace
    GROUP BY root
), lacking AS (  -- partitions that have no index where their parent has one
    SELECT b.root, array_agg(c.oid::regclass::text ORDER BY c.oid::regclass::text) AS tables
    FROM branch b
    JOIN pg_index i ON i.indexrelid = b.id
    JOIN pg_inherits h ON h.inhparent = i.indrelid
    JOIN pg_class c ON c.oid = h.inhrelid AND c.relkind IN ('r', 'p')
    WHERE NOT EXISTS (SELECT FROM branch s JOIN pg_index o ON o.indexrelid = s.id
                      WHERE s.parent = b.id AND o.indrelid = c.oid)
    GROUP BY b.root
)
SELECT format('%I.%I', n.nspname, c.relname) AS name,
       CASE WHEN k.conislocal THEN 'constraint'
            WHEN t.relkind = 'm' THEN 'materialized view' ELSE 'table' END AS parent_kind,
       format('%I.%I', n.nspname, t.relname)
           || CASE WHEN k.conislocal THEN '.' || quote_ident(k.conname) ELSE '' END AS parent_name,
       NULL AS made,
       ARRAY[header(c), header(i)] AS changed,
       ARRAY['columns include method predicate unique', header(i),
             'comment', header(d)] AS parts,
       CASE WHEN k.oid IS NULL THEN 'index' ELSE 'constraint' END AS form,
       am.amname AS method,
       i.indisunique AS "unique",
       nullif(i.indisprimary, false) AS "primary",
       nullif(i.indisexclusion, false) AS exclusion,
       nullif(i.indimmediate, true) AS immediate,
       nullif(i.indnullsnotdistinct, false) AS nulls_not_distinct,
       CASE WHEN lacking.tables IS NULL THEN nullif(i.indisvalid, true) END AS valid,
       lacking.tables AS children_without,
       nullif(i.indisclustered, false) AS clustered,
       nullif(i.indisreplident, false) AS replica_identity,
       keys.columns,
       keys.included AS include,
       pg_get_expr(i.indpred, i.indrelid) AS predicate,
       CASE WHEN c.reloptions IS NOT NULL
            THEN ARRAY(SELECT unnest(c.reloptions) COLLATE "C" ORDER BY 1) END AS options,
       keys.statistics,
       quote_ident(ts.spcname) AS tablespace,
       children.names AS child_names,
       children.states AS child_states,
       children.options AS child_options,
       children.tablespaces AS child_tablespaces,
       children.statistics AS child_statistics,
       children.comments AS child_comments,
       -- ALTER … DEPENDS ON EXTENSION
       (SELECT array_agg(quote_ident(e.extname) ORDER BY e.extname)
        FROM pg_depend x JOIN pg_extension e ON e.oid = x.refobjid
        WHERE (x.classid, x.objid, x.refclassid, x.deptype)
              = ('pg_class'::regclass, c.oid, 'pg_extension'::regclass, 'x')) AS depends_on_extensions,
       d.description AS comment
FROM pg_index i
JOIN keys ON keys.indexrelid = i.indexrelid
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_class t ON t.oid = i.indrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_am am ON am.oid = c.relam
LEFT JOIN pg_constraint k ON k.conindid = c.oid AND k.contype IN ('p', 'u', 'x')
LEFT JOIN children ON children.root = c.oid
LEFT JOIN lacking ON lacking.root = c.oid
LEFT JOIN pg_tablespace ts ON ts.oid = c.reltablespace
LEFT JOIN pg_description d ON (d.classoid, d.objoid, d.objsubid) = ('pg_class'::regclass, c.oid, 0)
WHERE NOT c.relispartition
  AND n.nspname !~ '^(pg_temp|pg_toast|information_schema$)'
