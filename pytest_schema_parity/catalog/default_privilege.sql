SELECT format('FOR %s%s ON %s TO %s', a.defaclrole::regrole,
              coalesce(' IN SCHEMA ' || quote_ident(n.nspname), ''),
              CASE a.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES'
                                   WHEN 'f' THEN 'FUNCTIONS' WHEN 'T' THEN 'TYPES'
                                   WHEN 'n' THEN 'SCHEMAS' ELSE 'LARGE OBJECTS' END,
              CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE g.grantee::regrole::text END) AS name,
       CASE WHEN n.nspname IS NOT NULL THEN 'schema' END AS parent_kind,
       quote_ident(n.nspname) AS parent_name,
       NULL AS made,
       ARRAY[a.xmin || ':' || a.cmin] AS changed,
       array_agg(g.privilege_type ORDER BY g.privilege_type) AS privileges,
       array_agg(g.privilege_type ORDER BY g.privilege_type) FILTER (WHERE g.is_grantable)
           AS grantable
FROM pg_default_acl a
LEFT JOIN pg_namespace n ON n.oid = a.defaclnamespace
CROSS JOIN LATERAL aclexplode(a.defaclacl) g
GROUP BY a.oid, a.defaclrole, a.defaclobjtype, a.xmin, a.cmin, n.nspname, g.grantee
