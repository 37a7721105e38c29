SELECT quote_ident(r.rolname) AS name,
       NULL AS made,
       NULL::text[] AS changed,
       nullif(r.rolsuper, false) AS superuser,
       nullif(r.rolinherit, true) AS inherit,
       nullif(r.rolcreaterole, false) AS createrole,
       nullif(r.rolcreatedb, false) AS createdb,
       r.rolcanlogin AS login,
       nullif(r.rolreplication, false) AS replication,
       nullif(r.rolbypassrls, false) AS bypassrls,
       nullif(r.rolconnlimit, -1) AS connection_limit,
       r.rolvaliduntil::text AS valid_until,
       (SELECT array_agg(m.roleid::regrole::text
                         || CASE WHEN m.admin_option THEN ' WITH ADMIN OPTION' ELSE '' END
                         ORDER BY m.roleid::regrole::text)
        FROM (SELECT DISTINCT roleid, admin_option FROM pg_auth_members WHERE member = r.oid) m)
           AS member_of,
       (SELECT array_agg(setting ORDER BY setting) FROM pg_db_role_setting s, unnest(s.setconfig) setting
        WHERE s.setrole = r.oid
          AND s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database())))
           AS settings,
       shobj_description(r.oid, 'pg_authid') AS comment
FROM pg_roles r
WHERE r.oid >= 16384
  AND r.rolname NOT LIKE 'pg\_%'
  AND (
      current_setting('schema_parity.whole_cluster', true) = 'on'
      OR EXISTS (
          SELECT FROM pg_shdepend s
          WHERE s.refclassid = 'pg_authid'::regclass AND s.refobjid = r.oid
            AND s.dbid IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
            AND (s.dbid <> 0 OR (s.classid = 'pg_database'::regclass AND s.objid = (
                SELECT oid FROM pg_database WHERE datname = current_database()))))
      OR EXISTS (SELECT FROM pg_policy p WHERE r.oid = ANY (p.polroles))
  )
