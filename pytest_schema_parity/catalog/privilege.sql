-- The privileges of each role on each object. An ACL of NULL means the default of its kind: all to
-- the owner, some to PUBLIC. The owner's own are reported only where they are incomplete. On objects
-- of PostgreSQL and of extensions, privileges are reported where they differ from the initial ones (in
-- pg_init_privs, which lacks information_schema, else the default); {} means a revoked privilege.
-- Left out: large objects, which are data. Parameters and tablespaces belong to the cluster: they
-- are compared where the cluster holds one tree.
WITH member (classid, objid, extension) AS (
    SELECT d.classid, d.objid, quote_ident(e.extname)
    FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
    WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
), object (word, kind, name, acl_type, owner, acl, header) AS (
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
    WHERE l.lanpltrusted AND l.oid >= 16384
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
    UNION ALL
    SELECT 'PARAMETER', NULL, p.parname, 'p'::"char", 10, p.paracl, NULL
    FROM pg_parameter_acl p
    WHERE current_setting('schema_parity.whole_cluster', true) = 'on'
    UNION ALL
    SELECT 'TABLESPACE', NULL, quote_ident(t.spcname), 't'::"char", t.spcowner, t.spcacl, NULL
    FROM pg_tablespace t
    WHERE t.spcacl IS NOT NULL AND current_setting('schema_parity.whole_cluster', true) = 'on'
), given (classid, objid, objsubid, word, name, acl_type, owner, acl, header) AS (
    SELECT 'pg_namespace'::regclass, n.oid, 0, 'SCHEMA', quote_ident(n.nspname), 'n'::"char",
           n.nspowner, n.nspacl, header(n)
    FROM pg_namespace n WHERE n.nspname <> 'public'
    UNION ALL
    SELECT 'pg_class'::regclass, c.oid, 0, CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END,
           format('%I.%I', n.nspname, c.relname), CASE c.relkind WHEN 'S' THEN 's'::"char" ELSE 'r'::"char" END,
           c.relowner, c.relacl, header(c)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    UNION ALL
    SELECT 'pg_class'::regclass, c.oid, a.attnum, 'COLUMN',
           format('%I.%I.%I', n.nspname, c.relname, a.attname), 'c', c.relowner, a.attacl, header(a)
    FROM pg_attribute a
    JOIN pg_class c ON c.oid = a.attrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE a.attacl IS NOT NULL AND NOT a.attisdropped
    UNION ALL
    SELECT 'pg_proc'::regclass, p.oid, 0,
           CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END,
           format('%I.%I(%s)', n.nspname, p.proname, oidvectortypes(p.proargtypes)), 'f',
           p.proowner, p.proacl, header(p)
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE p.proacl IS NOT NULL
    UNION ALL
    SELECT 'pg_type'::regclass, t.oid, 0, 'TYPE', format('%I.%I', n.nspname, t.typname), 'T',
           t.typowner, t.typacl, header(t)
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE t.typacl IS NOT NULL
    UNION ALL
    SELECT 'pg_language'::regclass, l.oid, 0, 'LANGUAGE', quote_ident(l.lanname), 'l', l.lanowner,
           l.lanacl, header(l)
    FROM pg_language l
), changed AS (
    SELECT g.*, m.extension,
           CASE WHEN i.initprivs IS NOT NULL THEN i.initprivs
                WHEN g.word = 'SCHEMA' AND g.name = 'information_schema'
                THEN acldefault(g.acl_type, g.owner) || makeaclitem(0, g.owner, 'USAGE', false)
                WHEN g.word = 'TABLE' AND g.name ~ '^information_schema\.[^_]'
                THEN acldefault(g.acl_type, g.owner) || makeaclitem(0, g.owner, 'SELECT', false)
                ELSE acldefault(g.acl_type, g.owner) END AS initial
    FROM given g
    LEFT JOIN member m ON (m.classid, m.objid) = (g.classid, g.objid)
    LEFT JOIN pg_init_privs i
           ON (i.classoid, i.objoid, i.objsubid) = (g.classid, g.objid, g.objsubid)
    WHERE (g.objid < 16384 OR m.extension IS NOT NULL)
      AND g.acl IS DISTINCT FROM i.initprivs AND g.acl IS NOT NULL
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
UNION ALL
SELECT format('ON %s %s TO %s', c.word, c.name,
              CASE WHEN g.grantee = c.owner THEN 'OWNER' WHEN g.grantee = 0 THEN 'PUBLIC'
                   ELSE g.grantee::regrole::text END)
           || CASE WHEN g.grantor <> c.owner THEN ' BY ' || g.grantor::regrole ELSE '' END,
       CASE WHEN c.extension IS NOT NULL THEN 'extension' END,
       c.extension,
       NULL,
       ARRAY[c.header],
       coalesce(g.privileges, '{}'),
       g.grantable,
       CASE WHEN g.grantor <> c.owner THEN g.grantor::regrole::text END
FROM changed c
CROSS JOIN LATERAL (
    SELECT grantee, grantor, now.privileges, now.grantable
    FROM (SELECT grantee, grantor, array_agg(privilege_type ORDER BY privilege_type) AS privileges,
                 array_agg(privilege_type ORDER BY privilege_type) FILTER (WHERE is_grantable)
                     AS grantable
          FROM aclexplode(c.acl) GROUP BY grantee, grantor) now
    FULL JOIN (SELECT grantee, grantor,
                      array_agg(privilege_type ORDER BY privilege_type) AS privileges,
                      array_agg(privilege_type ORDER BY privilege_type) FILTER (WHERE is_grantable)
                          AS grantable
               FROM aclexplode(c.initial) GROUP BY grantee, grantor) first USING (grantee, grantor)
    WHERE now.privileges IS DISTINCT FROM first.privileges
       OR now.grantable IS DISTINCT FROM first.grantable
) g
