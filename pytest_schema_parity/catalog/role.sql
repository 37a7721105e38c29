-- The roles that own an object in this database, have a privilege or settings there, or are members
-- of such a role. In a cluster with one tree only: all roles. The bootstrap superuser is reported only
-- where a tree gave it settings.
WITH RECURSIVE this (id) AS (
    SELECT oid FROM pg_database WHERE datname = current_database()
), setting AS (
    SELECT s.setrole AS role, s.setdatabase <> 0 AS here, unnest(s.setconfig) AS text
    FROM pg_db_role_setting s
    WHERE s.setdatabase = 0 OR s.setdatabase = (SELECT id FROM this)
), used (id) AS (
    (SELECT r.oid FROM pg_roles r WHERE current_setting('schema_parity.whole_cluster', true) = 'on'
     UNION
     SELECT s.refobjid FROM pg_shdepend s, this
     WHERE s.refclassid = 'pg_authid'::regclass
       AND (s.dbid = this.id OR (s.classid, s.objid) = ('pg_database'::regclass, this.id))
     UNION
     SELECT s.setrole FROM pg_db_role_setting s, this WHERE s.setdatabase = this.id)
    UNION
    SELECT m.member FROM used u JOIN pg_auth_members m ON m.roleid = u.id
)
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
       (SELECT array_agg(DISTINCT m.roleid::regrole::text
            || CASE WHEN m.admin_option THEN ' WITH ADMIN OPTION' ELSE '' END
            || CASE WHEN m.inherit_option <> r.rolinherit -- since 16
                    THEN ' WITH INHERIT ' || upper(m.inherit_option::text) ELSE '' END -- since 16
            || CASE WHEN NOT m.set_option THEN ' WITH SET FALSE' ELSE '' END -- since 16
        ) FROM pg_auth_members m WHERE m.member = r.oid) AS member_of,
       (SELECT array_agg(s.text ORDER BY s.text COLLATE "C") FROM setting s
        WHERE s.role = r.oid AND NOT s.here) AS settings,
       (SELECT array_agg(s.text ORDER BY s.text COLLATE "C") FROM setting s
        WHERE s.role = r.oid AND s.here) AS database_settings,
       shobj_description(r.oid, 'pg_authid') AS comment
FROM pg_roles r
WHERE r.oid IN (SELECT id FROM used) AND r.rolname !~ '^pg_'
  AND (r.oid >= 16384 OR r.oid IN (SELECT role FROM setting))
