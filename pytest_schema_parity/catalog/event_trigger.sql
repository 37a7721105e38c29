SELECT quote_ident(t.evtname) AS name,
       NULL AS made,
       ARRAY[header(t)] AS changed,
       ARRAY['comment', header(d)] AS parts,
       t.evtevent::text AS event,
       CASE WHEN t.evttags IS NOT NULL
            THEN ARRAY(SELECT unnest(t.evttags) COLLATE "C" ORDER BY 1) END AS tags,
       t.evtfoid::regprocedure::text AS function,
       CASE t.evtenabled WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'replica' WHEN 'A' THEN 'always' END
           AS enabled,
       t.evtowner::regrole::text AS owner,
       d.description AS comment
FROM pg_event_trigger t
LEFT JOIN pg_description d ON (d.classoid, d.objoid) = ('pg_event_trigger'::regclass, t.oid)
WHERE t.oid NOT IN (SELECT objid FROM pg_depend WHERE (refclassid, classid, deptype)
                    = ('pg_extension'::regclass, 'pg_event_trigger'::regclass, 'e'))
