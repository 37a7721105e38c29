WITH object (classid, objid, headers) AS (
    SELECT 'pg_operator'::regclass, oid, xmin || ':' || cmin FROM pg_operator WHERE oid >= 16384
    UNION ALL SELECT 'pg_cast'::regclass, oid, xmin || ':' || cmin FROM pg_cast WHERE oid >= 16384
    UNION ALL SELECT 'pg_collation'::regclass, oid, xmin || ':' || cmin FROM pg_collation WHERE oid >= 16384
    UNION ALL SELECT 'pg_conversion'::regclass, oid, xmin || ':' || cmin FROM pg_conversion WHERE oid >= 16384
    UNION ALL SELECT 'pg_opclass'::regclass, oid, xmin || ':' || cmin FROM pg_opclass WHERE oid >= 16384
    UNION ALL SELECT 'pg_opfamily'::regclass, oid, xmin || ':' || cmin FROM pg_opfamily WHERE oid >= 16384
    UNION ALL SELECT 'pg_language'::regclass, oid, xmin || ':' || cmin FROM pg_language WHERE oid >= 16384
    UNION ALL SELECT 'pg_transform'::regclass, oid, xmin || ':' || cmin FROM pg_transform WHERE oid >= 16384
    UNION ALL SELECT 'pg_am'::regclass, oid, xmin || ':' || cmin FROM pg_am WHERE oid >= 16384
    UNION ALL SELECT 'pg_ts_config'::regclass, oid, xmin || ':' || cmin FROM pg_ts_config WHERE oid >= 16384
    UNION ALL SELECT 'pg_ts_dict'::regclass, oid, xmin || ':' || cmin FROM pg_ts_dict WHERE oid >= 16384
    UNION ALL SELECT 'pg_ts_parser'::regclass, oid, xmin || ':' || cmin FROM pg_ts_parser WHERE oid >= 16384
    UNION ALL SELECT 'pg_ts_template'::regclass, oid, xmin || ':' || cmin FROM pg_ts_template WHERE oid >= 16384
    UNION ALL SELECT 'pg_foreign_data_wrapper'::regclass, oid, xmin || ':' || cmin
              FROM pg_foreign_data_wrapper WHERE oid >= 16384
    UNION ALL SELECT 'pg_foreign_server'::regclass, oid, xmin || ':' || cmin FROM pg_foreign_server
    UNION ALL SELECT 'pg_user_mapping'::regclass, umid, NULL FROM pg_user_mappings
    UNION ALL SELECT 'pg_subscription'::regclass, oid, NULL FROM pg_subscription
              WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    UNION ALL SELECT 'pg_type'::regclass, oid, xmin || ':' || cmin FROM pg_type
              WHERE oid >= 16384 AND typtype = 'b' AND typcategory <> 'A'
)
SELECT i.identity AS name,
       i.type AS kind,
       CASE WHEN i.schema IS NOT NULL THEN 'schema' END AS parent_kind,
       i.schema AS parent_name,
       NULL AS made,
       ARRAY[o.headers] AS changed,
       obj_description(o.objid, o.classid::regclass::name) AS comment
FROM object o
CROSS JOIN LATERAL pg_identify_object(o.classid, o.objid, 0) i
WHERE i.identity IS NOT NULL
  AND coalesce(i.schema, '') NOT LIKE 'pg\_%'
  AND NOT EXISTS (SELECT FROM pg_depend e
                  WHERE (e.classid, e.objid, e.deptype) = (o.classid, o.objid, 'e'))
