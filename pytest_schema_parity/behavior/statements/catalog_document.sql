-- The rules that decide which rows a database accepts and shows, as one JSON document.
WITH RECURSIVE relation AS (
    SELECT c.oid, c.relkind, c.relispartition, n.nspname AS schema, format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
        AND NOT EXISTS (
            SELECT FROM pg_depend AS d
            WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
        )
), used(oid) AS (
    (
        SELECT a.atttypid FROM pg_attribute AS a JOIN relation AS r ON r.oid = a.attrelid
        WHERE a.attnum > 0 AND NOT a.attisdropped
        UNION
        SELECT argument FROM pg_proc AS f JOIN pg_namespace AS n ON n.oid = f.pronamespace
        CROSS JOIN LATERAL unnest(f.proargtypes) AS argument
        WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    )
    UNION
    SELECT part FROM used JOIN pg_type AS t ON t.oid = used.oid
    CROSS JOIN LATERAL (
        SELECT t.typbasetype UNION ALL SELECT t.typelem WHERE t.typcategory = 'A'
        UNION ALL SELECT a.atttypid FROM pg_attribute AS a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
        UNION ALL SELECT rngsubtype FROM pg_range AS g WHERE g.rngtypid = t.oid
        UNION ALL SELECT rngtypid FROM pg_range AS g WHERE to_jsonb(g) ->> 'rngmultitypid' = t.oid::text
    ) AS parts(part)
    WHERE part <> 0
)
SELECT jsonb_build_object(
    'types', (
        SELECT coalesce(jsonb_object_agg(format_type(t.oid, NULL), jsonb_build_object(
            'kind', t.typtype,
            'category', t.typcategory,
            'base', CASE WHEN t.typbasetype <> 0 THEN format_type(t.typbasetype, t.typtypmod) END,
            'element', CASE WHEN t.typcategory = 'A' AND t.typelem <> 0 THEN format_type(t.typelem, NULL) END,
            'subtype', (SELECT format_type(rngsubtype, NULL) FROM pg_range WHERE rngtypid = t.oid),
            'not_null', t.typnotnull,
            'labels', (SELECT jsonb_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum AS e WHERE e.enumtypid = t.oid),
            'fields', (
                SELECT jsonb_agg(format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum) FROM pg_attribute AS a
                WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
            ),
            'checks', (
                SELECT jsonb_agg(pg_get_expr(c.conbin, 0) ORDER BY c.conname) FROM pg_constraint AS c
                WHERE c.contypid = t.oid AND c.contype = 'c'
            )
        )), '{}') FROM pg_type AS t WHERE t.oid IN (SELECT oid FROM used)
    ),
    'tables', (
        SELECT coalesce(jsonb_object_agg(r.name, jsonb_build_object(
            'schema', r.schema,
            'columns', (
                SELECT coalesce(jsonb_agg(jsonb_build_object(
                    'name', quote_ident(a.attname),
                    'type', format_type(a.atttypid, a.atttypmod),
                    'type_key', format_type(a.atttypid, NULL),
                    'not_null', a.attnotnull,
                    'identity', a.attidentity,
                    'generated', a.attgenerated <> '',
                    'default', CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END,
                    'expression', CASE WHEN a.attgenerated <> '' THEN pg_get_expr(d.adbin, d.adrelid) END
                ) ORDER BY a.attnum), '[]')
                FROM pg_attribute AS a LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
                WHERE a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
            ),
            'keys', (
                SELECT coalesce(jsonb_agg(jsonb_build_object(
                    'parts', (
                        SELECT jsonb_agg(pg_get_indexdef(i.indexrelid, part, true) ORDER BY part)
                        FROM generate_series(1, i.indnkeyatts) AS part
                    ),
                    'columns', (
                        SELECT jsonb_agg(DISTINCT quote_ident(a.attname)) FROM pg_depend AS d
                        JOIN pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
                        WHERE d.refobjid = r.oid AND d.refobjsubid > 0 AND (
                            (d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid)
                            OR (d.classid = 'pg_constraint'::regclass AND d.objid IN (
                                SELECT c.oid FROM pg_constraint AS c WHERE c.conindid = i.indexrelid AND c.conrelid = r.oid
                            ))
                        )
                    ),
                    'indexed', (
                        SELECT jsonb_agg(quote_ident(a.attname) ORDER BY k.at) FROM unnest(i.indkey) WITH ORDINALITY AS k(number, at)
                        JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attnum = k.number
                        WHERE k.at <= i.indnkeyatts
                    ),
                    'predicate', pg_get_expr(i.indpred, i.indrelid),
                    'nulls_equal', coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false),
                    'exclusion', (
                        SELECT pg_get_constraintdef(c.oid) FROM pg_constraint AS c
                        WHERE c.conindid = i.indexrelid AND c.contype = 'x'
                    )
                ) ORDER BY i.indexrelid), '[]')
                FROM pg_index AS i
                WHERE i.indrelid = r.oid AND i.indisvalid AND (i.indisunique OR i.indisexclusion)
            ),
            'foreign_keys', (
                SELECT coalesce(jsonb_agg(jsonb_build_object(
                    'columns', (
                        SELECT jsonb_agg(quote_ident(a.attname) ORDER BY k.at) FROM unnest(c.conkey) WITH ORDINALITY AS k(number, at)
                        JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = k.number
                    ),
                    'target', (
                        SELECT format('%I.%I', n.nspname, t.relname) FROM pg_class AS t
                        JOIN pg_namespace AS n ON n.oid = t.relnamespace WHERE t.oid = c.confrelid
                    ),
                    'referenced', (
                        SELECT jsonb_agg(quote_ident(a.attname) ORDER BY k.at) FROM unnest(c.confkey) WITH ORDINALITY AS k(number, at)
                        JOIN pg_attribute AS a ON a.attrelid = c.confrelid AND a.attnum = k.number
                    ),
                    'rule', concat(c.confupdtype, c.confdeltype, c.confmatchtype, c.condeferrable, c.condeferred),
                    'full', c.confmatchtype = 'f'
                ) ORDER BY c.conname), '[]')
                FROM pg_constraint AS c
                WHERE c.conrelid = r.oid AND c.contype = 'f' AND c.conparentid = 0
                    AND coalesce((to_jsonb(c) ->> 'conenforced')::boolean, true)
            ),
            'checks', (
                SELECT coalesce(jsonb_agg(jsonb_build_object(
                    'expression', pg_get_expr(c.conbin, c.conrelid),
                    'columns', (
                        SELECT coalesce(jsonb_agg(quote_ident(a.attname) ORDER BY a.attnum), '[]') FROM pg_attribute AS a
                        WHERE a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)
                    )
                ) ORDER BY c.conname), '[]')
                FROM pg_constraint AS c
                WHERE c.conrelid = r.oid AND c.contype = 'c'
                    AND coalesce((to_jsonb(c) ->> 'conenforced')::boolean, true)
            ),
            'partitions', (
                SELECT jsonb_agg(jsonb_build_object(
                    'expression', pg_get_partition_constraintdef(i.inhrelid),
                    'columns', (
                        SELECT jsonb_agg(quote_ident(a.attname)) FROM pg_partitioned_table AS p
                        JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attnum = ANY (p.partattrs)
                        WHERE p.partrelid = r.oid
                    )
                )) FROM pg_inherits AS i WHERE r.relkind = 'p' AND i.inhparent = r.oid
            ),
            'triggers', (
                SELECT coalesce(jsonb_agg(jsonb_build_object(
                    'definition', pg_get_triggerdef(t.oid),
                    'function', format('%I.%I', n.nspname, f.proname),
                    'body', f.prosrc,
                    'enabled', t.tgenabled
                ) ORDER BY t.tgname), '[]')
                FROM pg_trigger AS t JOIN pg_proc AS f ON f.oid = t.tgfoid JOIN pg_namespace AS n ON n.oid = f.pronamespace
                WHERE t.tgrelid = r.oid AND NOT t.tgisinternal AND t.tgenabled <> 'D'
            ),
            'below', (
                SELECT jsonb_agg(text) FROM pg_partition_tree(r.oid) AS part
                CROSS JOIN LATERAL (
                    SELECT concat_ws(' ', pg_get_triggerdef(t.oid), f.prosrc)
                    FROM pg_trigger AS t JOIN pg_proc AS f ON f.oid = t.tgfoid
                    WHERE t.tgrelid = part.relid AND NOT t.tgisinternal AND t.tgenabled <> 'D'
                    UNION ALL
                    SELECT pg_get_constraintdef(c.oid) FROM pg_constraint AS c
                    WHERE c.conrelid = part.relid AND c.contype = 'c'
                    UNION ALL
                    SELECT concat_ws(' ', pg_get_expr(i.indexprs, i.indrelid), pg_get_expr(i.indpred, i.indrelid))
                    FROM pg_index AS i WHERE i.indrelid = part.relid
                ) AS texts(text)
                WHERE r.relkind = 'p' AND part.relid <> r.oid
            ),
            'policies', (
                SELECT coalesce(jsonb_agg(concat_ws(' ', pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))), '[]')
                FROM pg_policy AS p WHERE p.polrelid = r.oid
            ),
            'rules', (
                SELECT coalesce(jsonb_agg(pg_get_ruledef(w.oid) ORDER BY w.rulename), '[]') FROM pg_rewrite AS w WHERE w.ev_class = r.oid
            )
        )), '{}') FROM relation AS r WHERE r.relkind IN ('r', 'p') AND NOT r.relispartition
    ),
    'views', (
        SELECT coalesce(jsonb_object_agg(r.name, jsonb_build_object(
            'materialized', r.relkind = 'm',
            'definition', rtrim(pg_get_viewdef(r.oid), '; '),
            'columns', (
                SELECT coalesce(jsonb_agg(jsonb_build_object('name', quote_ident(a.attname), 'type', format_type(a.atttypid, a.atttypmod)) ORDER BY a.attnum), '[]')
                FROM pg_attribute AS a WHERE a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
            ),
            'reads', (
                SELECT coalesce(jsonb_agg(DISTINCT base.name), '[]')
                FROM pg_rewrite AS w JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
                JOIN relation AS base ON d.refclassid = 'pg_class'::regclass AND base.oid = d.refobjid AND base.oid <> r.oid
                WHERE w.ev_class = r.oid
            ),
            'foreign', (
                SELECT coalesce(jsonb_agg(DISTINCT format('%I.%I', n.nspname, c.relname)), '[]')
                FROM pg_rewrite AS w JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
                JOIN pg_class AS c ON d.refclassid = 'pg_class'::regclass AND c.oid = d.refobjid AND c.relkind = 'f'
                JOIN pg_namespace AS n ON n.oid = c.relnamespace
                WHERE w.ev_class = r.oid
            ),
            'rules', (
                SELECT coalesce(jsonb_agg(pg_get_ruledef(w.oid) ORDER BY w.rulename), '[]')
                FROM pg_rewrite AS w WHERE w.ev_class = r.oid AND w.ev_type <> '1'
            ),
            'triggers', (
                SELECT coalesce(jsonb_agg(jsonb_build_object(
                    'definition', pg_get_triggerdef(t.oid),
                    'function', format('%I.%I', n.nspname, f.proname),
                    'body', f.prosrc
                ) ORDER BY t.tgname), '[]')
                FROM pg_trigger AS t JOIN pg_proc AS f ON f.oid = t.tgfoid JOIN pg_namespace AS n ON n.oid = f.pronamespace
                WHERE t.tgrelid = r.oid AND NOT t.tgisinternal AND t.tgenabled <> 'D'
            )
        )), '{}') FROM relation AS r WHERE r.relkind IN ('v', 'm')
    ),
    'foreign_tables', (
        SELECT coalesce(jsonb_object_agg(format('%I.%I', n.nspname, c.relname), jsonb_build_object(
            'server', s.srvname,
            'parents', (
                WITH RECURSIVE above(oid) AS (
                    SELECT inhparent FROM pg_inherits WHERE inhrelid = c.oid
                    UNION
                    SELECT i.inhparent FROM above JOIN pg_inherits AS i ON i.inhrelid = above.oid
                )
                SELECT coalesce(jsonb_agg(format('%I.%I', m.nspname, p.relname)), '[]')
                FROM above JOIN pg_class AS p ON p.oid = above.oid JOIN pg_namespace AS m ON m.oid = p.relnamespace
            )
        )), '{}')
        FROM pg_foreign_table AS f JOIN pg_foreign_server AS s ON s.oid = f.ftserver
        JOIN pg_class AS c ON c.oid = f.ftrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
    ),
    'functions', (
        SELECT coalesce(jsonb_object_agg(format('%I.%I(%s)', n.nspname, f.proname, oidvectortypes(f.proargtypes)), jsonb_build_object(
            'call', CASE f.prokind WHEN 'p' THEN 'CALL ' ELSE 'SELECT ' END || format('%I.%I', n.nspname, f.proname),
            'callable', coalesce('o' <> ALL (f.proargmodes) OR f.prokind = 'f', true) AND f.provariadic = 0
                AND (SELECT typtype <> 'p' OR typname IN ('void', 'record') FROM pg_type WHERE oid = f.prorettype)
                AND NOT EXISTS (SELECT FROM pg_type AS t WHERE t.oid = ANY (f.proargtypes) AND t.typtype = 'p'),
            'arguments', (
                SELECT coalesce(jsonb_agg(format_type(argument, NULL) ORDER BY at), '[]')
                FROM unnest(f.proargtypes) WITH ORDINALITY AS a(argument, at)
            ),
            'names', (
                SELECT coalesce(jsonb_agg(quote_ident(name) ORDER BY at), '[]') FROM unnest(f.proargnames) WITH ORDINALITY AS a(name, at)
                WHERE f.proargmodes IS NULL OR f.proargmodes[at] IN ('i', 'b', 'v')
            ),
            'settings', concat_ws(' ', f.provolatile, f.proisstrict, f.prosecdef, f.proconfig),
            'name', f.proname, 'body', coalesce(pg_get_function_sqlbody(f.oid), f.prosrc), 'language', l.lanname, 'trusted', l.lanpltrusted OR l.lanname = 'internal'
        )), '{}')
        FROM pg_proc AS f JOIN pg_namespace AS n ON n.oid = f.pronamespace JOIN pg_language AS l ON l.oid = f.prolang
        WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND f.prokind IN ('f', 'p')
            AND NOT EXISTS (
                SELECT FROM pg_depend AS d WHERE d.classid = 'pg_proc'::regclass AND d.objid = f.oid AND d.deptype = 'e'
            )
    ),
    'sequences', (
        SELECT coalesce(jsonb_object_agg(s.seqrelid::regclass::text, s.seqstart), '{}')
        FROM pg_sequence AS s JOIN pg_class AS c ON c.oid = s.seqrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname !~ '^pg_' AND has_sequence_privilege(s.seqrelid, 'UPDATE')
    ),
    'deferrable', EXISTS (SELECT FROM pg_constraint WHERE condeferrable) OR EXISTS (SELECT FROM pg_trigger WHERE tgdeferrable)
)
