-- Who may do what with which object. No grant at all (NULL) means the default of its kind: all to
-- the owner, some things to PUBLIC. The owner's own is told of only where it is not all.
-- Left out: large objects, which are data, and parameters, which belong to the whole cluster.
WITH object (word, kind, name, acl_type, owner, acl, header) AS (
    SELECT 'SCHEMA', 'schema', quote_ident(n.nspname), 'n'::"char", n.nspowner, n.nspacl, header(n)
    FROM pg_namespace n
    WHERE (n.oid >= 16384 OR n.nspname = 'public') AND n.nspacl IS NOT NULL
      AND n.nspname !~ '^pg_'
      AND n.oid NOT IN (SELECT objid FROM pg_depend WHERE (refclassid, classid, deptype)
                        = ('pg_extension'::regclass, 'pg_namespace'::regclass, 'e'))
    UNION ALL
    SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END,
           CASE c.relkind WHEN 'S' THEN 'sequence' WHEN 'v' THEN 'view'
                          WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table'
                          ELSE 'table' END,
           format('%I.%I', n.nspname, c.relname),
           CASE c.relkind WHEN 'S' THEN 's'::"char" ELSE 'r'::"char" END,
           c.relowner, c.relacl, header(c)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid >= 16384 AND c.relacl IS NOT NULL AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
      AND n.nspname !~ '^(pg_temp|pg_toast|information_schema$)'
      AND c.oid NOT IN (SELECT objid FROM pg_depend WHERE (refclassid, classid, deptype)
                        = ('pg_extension'::regclass, 'pg_class'::regclass, 'e'))
    UNION ALL
    SELECT 'COLUMN', 'column', format('%I.%I.%I', n.nspname, c.relname, a.attname),
           'c'::"char", c.relowner, a.attacl, header(a)
    FROM pg_attribute a
    JOIN pg_class c ON c.oid = a.attrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE a.attrelid >= 16384 AND a.attacl IS NOT NULL AND a.attnum > 0 AND NOT a.attisdropped
      AND n.nspname !~ '^(pg_temp|pg_toast|information_schema$)'
      AND c.oid NOT IN (SELECT objid FROM pg_depend WHERE (refclassid, classid, deptype)
                        = ('pg_extension'::regclass, 'pg_class'::regclass, 'e'))
    UNION ALL
    SELECT CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END,
           CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END,
           format('%I.%I(%s)', n.nspname, p.proname, oidvectortypes(p.proargtypes)),
           'f'::"char", p.proowner, p.proacl, header(p)
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE p.oid >= 16384
      AND NOT (p.prosrc ~ '^(multi)?range_constructor'
               AND p.prolang = (SELECT oid FROM pg_language WHERE lanname = 'internal'))
      AND n.nspname !~ '^(pg_temp|pg_toast|information_schema$)'
      AND p.oid NOT IN (SELECT objid FROM pg_depend WHERE (refclassid, classid, deptype)
                        = ('pg_extension'::regclass, 'pg_proc'::regclass, 'e'))
    UNION ALL
    SELECT 'TYPE',
           CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' WHEN 'r' THEN 'range type'
                          WHEN 'b' THEN 'type' ELSE 'composite type' END,
           format('%I.%I', n.nspname, t.typname), 'T'::"char", t.typowner, t.typacl, header(t)
    FROM pg_type t
    JOIN pg_namespace n ON n.oid = t.typnamespace
    LEFT JOIN pg_class c ON c.oid = t.typrelid
    WHERE t.oid >= 16384
      AND (t.typtype IN ('e', 'd', 'r') OR c.relkind = 'c' OR t.typtype = 'b' AND t.typelem = 0)
      AND n.nspname !~ '^(pg_temp|pg_toast|information_schema$)'
      AND t.oid NOT IN (SELECT objid FROM pg_depend WHERE (refclassid, classid, deptype)
                        = ('pg_extension'::regclass, 'pg_type'::regclass, 'e'))
    UNION ALL
    SELECT 'LANGUAGE', 'language', quote_ident(l.lanname), 'l'::"char", l.lanowner, l.lanacl,
           header(l)
    FROM pg_language l
    WHERE l.lanpltrusted AND (l.oid >= 16384 OR l.lanacl IS NOT NULL)
      AND l.oid NOT IN (SELECT objid FROM pg_depend WHERE (refclassid, classid, deptype)
                        = ('pg_extension'::regclass, 'pg_language'::regclass, 'e'))
    UNION ALL
    SELECT 'FOREIGN DATA WRAPPER', 'foreign-data wrapper', quote_ident(w.fdwname), 'F'::"char",
           w.fdwowner, w.fdwacl, header(w)
    FROM pg_foreign_data_wrapper w
    WHERE w.fdwacl IS NOT NULL
    UNION ALL
    SELECT 'FOREIGN SERVER', 'server', quote_ident(s.srvname), 'S'::"char",
           s.srvowner, s.srvacl, header(s)
    FROM pg_foreign_server s
    WHERE s.srvacl IS NOT NULL
    UNION ALL
    SELECT 'DATABASE', 'database', 'this database', 'd'::"char", d.datdba, d.datacl, header(d)
    FROM pg_database d
    WHERE d.datname = current_database()
), held AS (
    SELECT o.word, o.kind, o.name, o.header,
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
    GROUP BY o.word, o.kind, o.name, o.header, o.acl_type, o.owner, g.grantee, g.grantor
    UNION ALL
    SELECT o.word, o.kind, o.name, o.header, 'OWNER', NULL, '{}', NULL, NULL
    FROM object o
    WHERE o.kind <> 'column'
      AND NOT EXISTS (SELECT FROM aclexplode(coalesce(o.acl, acldefault(o.acl_type, o.owner))) g
                      WHERE g.grantee = o.owner)
)
SELECT format('ON %s %s TO %s', word, name, grantee)
           || coalesce(' BY ' || grantor, '') AS name,
       kind AS parent_kind,
       name AS parent_name,
       NULL AS made,
       ARRAY[header] AS changed,
       privileges,
       grantable,
       grantor
FROM held
WHERE privileges IS DISTINCT FROM everything OR grantable IS NOT NULL OR grantor IS NOT NULL
