-- What has no query of its own: compared by name, with its options and its comment alone. Only
-- that they are there is told of operators, casts, conversions, operator classes and
-- families, languages, transforms, access methods, text search, foreign-data wrappers, servers,
-- user mappings (their options hold passwords), subscriptions, base types and shell types.
-- Nothing is told of large objects, which are data, of security labels, and of what belongs to the
-- whole cluster: tablespaces and privileges on parameters.
WITH object (classid, objid, header, options) AS (
    SELECT 'pg_operator'::regclass, o.oid, header(o), NULL::text[] FROM pg_operator o
    UNION ALL SELECT 'pg_cast'::regclass, c.oid, header(c), NULL FROM pg_cast c
              WHERE NOT EXISTS (SELECT FROM pg_range r
                                WHERE (r.rngtypid, r.rngmultitypid) = (c.castsource, c.casttarget))
    UNION ALL SELECT 'pg_collation'::regclass, c.oid, header(c), ARRAY[
                  'provider=' || c.collprovider::text, 'deterministic=' || c.collisdeterministic,
                  'collation=' || c.collcollate, 'ctype=' || c.collctype,
                  'locale=' || c.colliculocale, -- until 16
                  'locale=' || c.colllocale, -- since 17
                  'rules=' || c.collicurules, -- since 16
                  'encoding=' || pg_encoding_to_char(nullif(c.collencoding, -1))] FROM pg_collation c
    UNION ALL SELECT 'pg_conversion'::regclass, c.oid, header(c), NULL FROM pg_conversion c
    UNION ALL SELECT 'pg_opclass'::regclass, o.oid, header(o), NULL FROM pg_opclass o
    UNION ALL SELECT 'pg_opfamily'::regclass, o.oid, header(o), NULL FROM pg_opfamily o
    UNION ALL SELECT 'pg_language'::regclass, l.oid, header(l), NULL FROM pg_language l
    UNION ALL SELECT 'pg_transform'::regclass, t.oid, header(t), NULL FROM pg_transform t
    UNION ALL SELECT 'pg_am'::regclass, a.oid, header(a), NULL FROM pg_am a
    UNION ALL SELECT 'pg_ts_config'::regclass, t.oid, header(t), NULL FROM pg_ts_config t
    UNION ALL SELECT 'pg_ts_dict'::regclass, t.oid, header(t), NULL FROM pg_ts_dict t
    UNION ALL SELECT 'pg_ts_parser'::regclass, t.oid, header(t), NULL FROM pg_ts_parser t
    UNION ALL SELECT 'pg_ts_template'::regclass, t.oid, header(t), NULL FROM pg_ts_template t
    UNION ALL SELECT 'pg_foreign_data_wrapper'::regclass, w.oid, header(w), w.fdwoptions
              FROM pg_foreign_data_wrapper w
    UNION ALL SELECT 'pg_foreign_server'::regclass, s.oid, header(s), s.srvoptions
              FROM pg_foreign_server s
    UNION ALL SELECT 'pg_user_mapping'::regclass, u.umid, NULL, NULL FROM pg_user_mappings u
    UNION ALL SELECT 'pg_subscription'::regclass, s.oid, NULL, NULL FROM pg_subscription s
              WHERE s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    UNION ALL SELECT 'pg_type'::regclass, t.oid, header(t), NULL FROM pg_type t
              WHERE t.typtype = 'b' AND t.typelem = 0 OR t.typtype = 'p' AND NOT t.typisdefined
)
SELECT i.identity AS name,
       i.type AS kind,
       CASE WHEN i.schema IS NOT NULL THEN 'schema' END AS parent_kind,
       i.schema AS parent_name,
       NULL AS made,
       ARRAY[o.header] AS changed,
       CASE WHEN o.options IS NOT NULL
            THEN ARRAY(SELECT t FROM unnest(o.options) t WHERE t IS NOT NULL
                       ORDER BY t COLLATE "C") END AS options,
       obj_description(o.objid, o.classid::regclass::name) AS comment
FROM object o
CROSS JOIN LATERAL pg_identify_object(o.classid, o.objid, 0) i
WHERE o.objid >= 16384 AND i.identity IS NOT NULL
  AND coalesce(i.schema, '') !~ '^pg_(temp|toast)'
  AND (o.classid, o.objid) NOT IN (SELECT classid, objid FROM pg_depend
                                   WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e')
