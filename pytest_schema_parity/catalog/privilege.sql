WITH object (word, kind, name, acl_type, owner, acl, headers) AS (
    SELECT 'SCHEMA', 'schema', quote_ident(nspname), 'n'::"char", nspowner, nspacl,
           xmin || ':' || cmin
    FROM pg_namespace
    WHERE (oid >= 16384 OR nspname = 'public') AND nspname NOT LIKE 'pg\_%'
    UNION ALL
    SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END,
           CASE c.relkind WHEN 'S' THEN 'sequence' WHEN 'v' THEN 'view'
                          WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table'
                          ELSE 'table' END,
           format('%I.%I', n.nspname, c.relname),
           CASE c.relkind WHEN 'S' THEN 's'::"char" ELSE 'r'::"char" END,
           c.relowner, c.relacl, c.xmin || ':' || c.cmin
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
      AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
      AND NOT EXISTS (SELECT FROM pg_depend e
                      WHERE (e.classid, e.objid, e.deptype) = ('pg_class'::regclass, c.oid, 'e'))
    UNION ALL
    SELECT 'COLUMN', 'column', format('%I.%I.%I', n.nspname, c.relname, a.attname),
           'c'::"char", c.relowner, a.attacl, a.xmin || ':' || a.cmin
    FROM pg_attribute a
    JOIN pg_class c ON c.oid = a.attrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE a.attrelid >= 16384 AND a.attacl IS NOT NULL AND a.attnum > 0 AND NOT a.attisdropped
      AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
      AND NOT EXISTS (SELECT FROM pg_depend e
                      WHERE (e.classid, e.objid, e.deptype) = ('pg_class'::regclass, c.oid, 'e'))
    UNION ALL
    SELECT 'FUNCTION',
           CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END,
           format('%I.%I(%s)', n.nspname, p.proname, oidvectortypes(p.proargtypes)),
           'f'::"char", p.proowner, p.proacl, p.xmin || ':' || p.cmin
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE p.oid >= 16384
      AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
      AND NOT EXISTS (SELECT FROM pg_depend e
                      WHERE (e.classid, e.objid, e.deptype) = ('pg_proc'::regclass, p.oid, 'e'))
    UNION ALL
    SELECT 'TYPE',
           CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' WHEN 'r' THEN 'range type'
                          ELSE 'composite type' END,
           format('%I.%I', n.nspname, t.typname), 'T'::"char", t.typowner, t.typacl,
           t.xmin || ':' || t.cmin
    FROM pg_type t
    JOIN pg_namespace n ON n.oid = t.typnamespace
    LEFT JOIN pg_class c ON c.oid = t.typrelid
    WHERE t.oid >= 16384 AND (t.typtype IN ('e', 'd', 'r') OR c.relkind = 'c')
      AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
      AND NOT EXISTS (SELECT FROM pg_depend e
                      WHERE (e.classid, e.objid, e.deptype) = ('pg_type'::regclass, t.oid, 'e'))
    UNION ALL
    SELECT 'LANGUAGE', 'language', quote_ident(lanname), 'l'::"char", lanowner, lanacl,
           xmin || ':' || cmin
    FROM pg_language
    WHERE lanpltrusted
    UNION ALL
    SELECT 'DATABASE', 'database', 'this database', 'd'::"char", datdba, datacl,
           xmin || ':' || cmin
    FROM pg_database
    WHERE datname = current_database()
), held AS (
    SELECT o.word, o.kind, o.name, o.headers,
           CASE WHEN g.grantee = o.owner THEN 'OWNER' WHEN g.grantee = 0 THEN 'PUBLIC'
                ELSE g.grantee::regrole::text END AS grantee,
           CASE WHEN g.grantor <> o.owner THEN g.grantor::regrole::text END AS grantor,
           array_agg(g.privilege_type ORDER BY g.privilege_type) AS privileges,
           array_agg(g.privilege_type ORDER BY g.privilege_type) FILTER (WHERE g.is_grantable)
               AS grantable,
           CASE WHEN g.grantee = o.owner THEN (
               SELECT array_agg(d.privilege_type ORDER BY d.privilege_type)
               FROM aclexplode(acldefault(o.acl_type, o.owner)) d WHERE d.grantee = o.owner) END
               AS everything
    FROM object o
    CROSS JOIN LATERAL aclexplode(coalesce(o.acl, acldefault(o.acl_type, o.owner))) g
    GROUP BY o.word, o.kind, o.name, o.headers, o.acl_type, o.owner, g.grantee, g.grantor
)
SELECT format('ON %s %s TO %s', word, name, grantee)
           || coalesce(' BY ' || grantor, '') AS name,
       kind AS parent_kind,
       name AS parent_name,
       NULL AS made,
       ARRAY[headers] AS changed,
       privileges,
       grantable,
       grantor
FROM held
WHERE privileges IS DISTINCT FROM everything OR grantable IS NOT NULL OR grantor IS NOT NULL
