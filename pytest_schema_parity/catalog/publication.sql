SELECT quote_ident(p.pubname) AS name,
       NULL AS made,
       ARRAY[header(p), header(d)]
           || (SELECT array_agg(header(r)) FROM pg_publication_rel r
               WHERE r.prpubid = p.oid)
           || (SELECT array_agg(header(s)) FROM pg_publication_namespace s
               WHERE s.pnpubid = p.oid) AS changed,
       nullif(p.puballtables, false) AS all_tables,
       array_remove(ARRAY[
           CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubinsert THEN 'insert' END,
           CASE WHEN p.pubtruncate THEN 'truncate' END, CASE WHEN p.pubupdate THEN 'update' END
       ], NULL) AS publishes,
       nullif(p.pubviaroot, false) AS via_partition_root,
       CASE p.pubgencols WHEN 's' THEN 'stored' END AS generated_columns, -- since 18
       (SELECT array_agg(r.prrelid::regclass::text
                         || coalesce(' (' || (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attname)
                                              FROM pg_attribute a WHERE a.attrelid = r.prrelid
                                              AND a.attnum = ANY (r.prattrs)) || ')', '')
                         || coalesce(' WHERE ' || pg_get_expr(r.prqual, r.prrelid), '')
                         ORDER BY r.prrelid::regclass::text COLLATE "C")
        FROM pg_publication_rel r WHERE r.prpubid = p.oid) AS tables,
       (SELECT array_agg(s.pnnspid::regnamespace::text
                         ORDER BY s.pnnspid::regnamespace::text COLLATE "C")
        FROM pg_publication_namespace s WHERE s.pnpubid = p.oid) AS schemas,
       p.pubowner::regrole::text AS owner,
       d.description AS comment
FROM pg_publication p
LEFT JOIN pg_description d ON (d.classoid, d.objoid) = ('pg_publication'::regclass, p.oid)
