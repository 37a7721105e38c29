-- The privileges on objects that a role will create (ALTER DEFAULT PRIVILEGES). An entry for one
-- schema adds privileges; one for all schemas replaces PostgreSQL's defaults: a default that it lacks
-- is reported as privileges {} (to PUBLIC: revoked). The owner's own privileges are left out where
-- they are complete.
WITH entry AS (
    SELECT a.defaclrole AS role, a.defaclnamespace AS namespace, a.defaclobjtype AS type,
           header(a) AS header, a.defaclacl AS acl,
           CASE WHEN a.defaclnamespace = 0 THEN acldefault(
               CASE a.defaclobjtype WHEN 'S' THEN 's' ELSE a.defaclobjtype END, a.defaclrole)
           END AS usual
    FROM pg_default_acl a
), held AS (
    SELECT e.role, e.namespace, e.type, e.header, l.*
    FROM entry e
    CROSS JOIN LATERAL (
        SELECT grantee, coalesce(g.privileges, '{}') AS privileges, g.grantable,
               u.privileges AS usual
        FROM (SELECT grantee, array_agg(privilege_type ORDER BY privilege_type) AS privileges,
                     array_agg(privilege_type ORDER BY privilege_type) FILTER (WHERE is_grantable)
                         AS grantable
              FROM aclexplode(e.acl) GROUP BY grantee) g
        FULL JOIN (SELECT grantee, array_agg(privilege_type ORDER BY privilege_type) AS privileges
                   FROM aclexplode(e.usual) GROUP BY grantee) u USING (grantee)
    ) l
)
SELECT format('FOR %s%s ON %s TO %s', h.role::regrole,
              coalesce(' IN SCHEMA ' || quote_ident(n.nspname), ''),
              CASE h.type WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES'
                          WHEN 'f' THEN 'FUNCTIONS' WHEN 'T' THEN 'TYPES'
                          WHEN 'n' THEN 'SCHEMAS' ELSE 'LARGE OBJECTS' END,
              CASE h.grantee WHEN 0 THEN 'PUBLIC' WHEN h.role THEN 'OWNER'
                             ELSE h.grantee::regrole::text END) AS name,
       CASE WHEN n.nspname IS NOT NULL THEN 'schema' END AS parent_kind,
       quote_ident(n.nspname) AS parent_name,
       NULL AS made,
       ARRAY[h.header] AS changed,
       h.privileges,
       h.grantable
FROM held h
LEFT JOIN pg_namespace n ON n.oid = h.namespace
WHERE h.privileges IS DISTINCT FROM h.usual OR h.grantable IS NOT NULL
