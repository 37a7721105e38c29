-- All kinds without a query of their own: compared by name, owner and comment, and by the columns of
-- their catalog row as options. The options of user mappings and the connection string of
-- subscriptions are left out: they hold passwords. Not read at all: large objects, which are data,
-- security labels, and objects of the whole cluster (tablespaces, privileges on parameters).
WITH object (classid, objid, header, owner, options) AS (
    SELECT 'pg_operator'::regclass, o.oid, header(o), o.oprowner, ARRAY[
               'function=' || o.oprcode::regprocedure,
               'result=' || format_type(o.oprresult, NULL),
               'commutator=' || nullif(o.oprcom, 0)::regoperator,
               'negator=' || nullif(o.oprnegate, 0)::regoperator,
               'restrict=' || nullif(o.oprrest::oid, 0)::regprocedure,
               'join=' || nullif(o.oprjoin::oid, 0)::regprocedure,
               'merges=' || nullif(o.oprcanmerge, false), 'hashes=' || nullif(o.oprcanhash, false)]
    FROM pg_operator o WHERE o.oid >= 16384
    UNION ALL
    SELECT 'pg_cast'::regclass, c.oid, header(c), NULL, ARRAY[
               'function=' || nullif(c.castfunc::oid, 0)::regprocedure,
               'context=' || CASE c.castcontext WHEN 'e' THEN 'explicit' WHEN 'a' THEN 'assignment'
                                                ELSE 'implicit' END,
               'method=' || CASE c.castmethod WHEN 'f' THEN 'function' WHEN 'i' THEN 'inout'
                                              ELSE 'binary' END]
    FROM pg_cast c
    WHERE c.oid >= 16384
      AND NOT EXISTS (SELECT FROM pg_range r
                      WHERE (r.rngtypid, r.rngmultitypid) = (c.castsource, c.casttarget))
    UNION ALL
    SELECT 'pg_collation'::regclass, c.oid, header(c), c.collowner, ARRAY[
               'provider=' || c.collprovider::text, 'deterministic=' || c.collisdeterministic,
               'collation=' || c.collcollate, 'ctype=' || c.collctype,
               'locale=' || c.colliculocale, -- until 16
               'locale=' || c.colllocale, -- since 17
               'rules=' || c.collicurules, -- since 16
               'encoding=' || pg_encoding_to_char(nullif(c.collencoding, -1))]
    FROM pg_collation c WHERE c.oid >= 16384
    UNION ALL
    SELECT 'pg_conversion'::regclass, c.oid, header(c), c.conowner, ARRAY[
               'for=' || pg_encoding_to_char(c.conforencoding),
               'to=' || pg_encoding_to_char(c.contoencoding),
               'function=' || c.conproc::regprocedure, 'default=' || c.condefault]
    FROM pg_conversion c WHERE c.oid >= 16384
    UNION ALL
    SELECT 'pg_opclass'::regclass, o.oid, header(o), o.opcowner, ARRAY[
               'type=' || format_type(o.opcintype, NULL), 'default=' || o.opcdefault,
               'storage=' || format_type(nullif(o.opckeytype, 0), NULL),
               'family=' || (SELECT format('%I.%I', f.opfnamespace::regnamespace::text, f.opfname)
                             FROM pg_opfamily f WHERE f.oid = o.opcfamily)]
    FROM pg_opclass o WHERE o.oid >= 16384
    UNION ALL
    SELECT 'pg_opfamily'::regclass, f.oid, header(f), f.opfowner, ARRAY(
               SELECT format('operator %s %s%s', m.amopstrategy, m.amopopr::regoperator,
                             ' for order by ' || (SELECT s.opfname FROM pg_opfamily s
                                                  WHERE s.oid = nullif(m.amopsortfamily, 0)))
               FROM pg_amop m WHERE m.amopfamily = f.oid
               UNION ALL
               SELECT format('function %s (%s, %s) %s', m.amprocnum,
                             format_type(m.amproclefttype, NULL),
                             format_type(m.amprocrighttype, NULL), m.amproc::regprocedure)
               FROM pg_amproc m WHERE m.amprocfamily = f.oid)
    FROM pg_opfamily f WHERE f.oid >= 16384
    UNION ALL
    SELECT 'pg_language'::regclass, l.oid, header(l), l.lanowner, ARRAY[
               'handler=' || nullif(l.lanplcallfoid::oid, 0)::regprocedure,
               'inline=' || nullif(l.laninline::oid, 0)::regprocedure,
               'validator=' || nullif(l.lanvalidator::oid, 0)::regprocedure,
               'trusted=' || l.lanpltrusted]
    FROM pg_language l WHERE l.oid >= 16384
    UNION ALL
    SELECT 'pg_transform'::regclass, t.oid, header(t), NULL, ARRAY[
               'from_sql=' || nullif(t.trffromsql::oid, 0)::regprocedure,
               'to_sql=' || nullif(t.trftosql::oid, 0)::regprocedure]
    FROM pg_transform t WHERE t.oid >= 16384
    UNION ALL
    SELECT 'pg_am'::regclass, a.oid, header(a), NULL, ARRAY[
               'handler=' || a.amhandler::regprocedure,
               'type=' || CASE a.amtype WHEN 't' THEN 'table' ELSE 'index' END]
    FROM pg_am a WHERE a.oid >= 16384
    UNION ALL
    SELECT 'pg_ts_config'::regclass, t.oid, header(t), t.cfgowner, ARRAY(
               SELECT 'parser=' || (pg_identify_object('pg_ts_parser'::regclass, t.cfgparser, 0)).identity
               UNION ALL
               SELECT format('token %s=%s', m.maptokentype,
                             string_agg(m.mapdict::regdictionary::text, ', ' ORDER BY m.mapseqno))
               FROM pg_ts_config_map m WHERE m.mapcfg = t.oid GROUP BY m.maptokentype)
    FROM pg_ts_config t WHERE t.oid >= 16384
    UNION ALL
    SELECT 'pg_ts_dict'::regclass, t.oid, header(t), t.dictowner, ARRAY[
               'template=' || (pg_identify_object('pg_ts_template'::regclass, t.dicttemplate, 0)).identity,
               t.dictinitoption]
    FROM pg_ts_dict t WHERE t.oid >= 16384
    UNION ALL
    SELECT 'pg_ts_parser'::regclass, t.oid, header(t), NULL, ARRAY[
               'start=' || t.prsstart::regprocedure, 'token=' || t.prstoken::regprocedure,
               'end=' || t.prsend::regprocedure, 'types=' || t.prslextype::regprocedure,
               'headline=' || nullif(t.prsheadline::oid, 0)::regprocedure]
    FROM pg_ts_parser t WHERE t.oid >= 16384
    UNION ALL
    SELECT 'pg_ts_template'::regclass, t.oid, header(t), NULL, ARRAY[
               'init=' || nullif(t.tmplinit::oid, 0)::regprocedure,
               'lexize=' || t.tmpllexize::regprocedure]
    FROM pg_ts_template t WHERE t.oid >= 16384
    UNION ALL
    SELECT 'pg_foreign_data_wrapper'::regclass, w.oid, header(w), w.fdwowner,
           w.fdwoptions || ARRAY['(handler)=' || nullif(w.fdwhandler::oid, 0)::regprocedure,
                                 '(validator)=' || nullif(w.fdwvalidator::oid, 0)::regprocedure]
    FROM pg_foreign_data_wrapper w WHERE w.oid >= 16384
    UNION ALL
    SELECT 'pg_foreign_server'::regclass, s.oid, header(s), s.srvowner,
           s.srvoptions || ARRAY['(type)=' || s.srvtype, '(version)=' || s.srvversion,
                                 '(wrapper)=' || (SELECT quote_ident(w.fdwname)
                                                  FROM pg_foreign_data_wrapper w
                                                  WHERE w.oid = s.srvfdw)]
    FROM pg_foreign_server s WHERE s.oid >= 16384
    UNION ALL
    SELECT 'pg_user_mapping'::regclass, u.umid, NULL, NULL, NULL FROM pg_user_mappings u
    UNION ALL
    SELECT 'pg_subscription'::regclass, s.oid, NULL, s.subowner, ARRAY[
               'publications=' || array_to_string(ARRAY(
                   SELECT unnest(s.subpublications) COLLATE "C" ORDER BY 1), ', '),
               'enabled=' || s.subenabled, 'binary=' || s.subbinary, 'streaming=' || s.substream::text,
               'two_phase=' || (s.subtwophasestate <> 'd'),
               'disable_on_error=' || s.subdisableonerr, 'slot=' || s.subslotname,
               'origin=' || s.suborigin, -- since 16
               'password_required=' || s.subpasswordrequired, -- since 16
               'run_as_owner=' || s.subrunasowner, -- since 16
               'failover=' || s.subfailover, -- since 17
               'synchronous_commit=' || s.subsynccommit]
    FROM pg_subscription s
    WHERE s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    UNION ALL
    SELECT 'pg_type'::regclass, t.oid, header(t), t.typowner,
           CASE WHEN t.typisdefined THEN ARRAY[
               'input=' || t.typinput::regprocedure, 'output=' || t.typoutput::regprocedure,
               'receive=' || nullif(t.typreceive::oid, 0)::regprocedure,
               'send=' || nullif(t.typsend::oid, 0)::regprocedure,
               'typmod_in=' || nullif(t.typmodin::oid, 0)::regprocedure,
               'typmod_out=' || nullif(t.typmodout::oid, 0)::regprocedure,
               'analyze=' || nullif(t.typanalyze::oid, 0)::regprocedure,
               'subscript=' || nullif(t.typsubscript::oid, 0)::regprocedure,
               'length=' || t.typlen, 'by_value=' || t.typbyval, 'alignment=' || t.typalign::text,
               'storage=' || t.typstorage::text, 'category=' || t.typcategory::text,
               'preferred=' || t.typispreferred, 'delimiter=' || t.typdelim::text,
               'default=' || t.typdefault, 'collation=' || nullif(t.typcollation, 0)::regcollation]
           END
    FROM pg_type t
    WHERE t.oid >= 16384
      AND (t.typtype = 'b' AND t.typelem = 0 OR t.typtype = 'p' AND NOT t.typisdefined)
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
       nullif(o.owner, 0)::regrole::text AS owner,
       obj_description(o.objid, o.classid::regclass::name) AS comment
FROM object o
CROSS JOIN LATERAL pg_identify_object(o.classid, o.objid, 0) i
WHERE o.objid >= 16384 AND i.identity IS NOT NULL
  AND coalesce(i.schema, '') !~ '^pg_(temp|toast)'
  AND (o.classid, o.objid) NOT IN (SELECT classid, objid FROM pg_depend
                                   WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e')
