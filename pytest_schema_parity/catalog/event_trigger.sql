SELECT quote_ident(t.evtname) AS name,
       NULL AS made,
       ARRAY[t.xmin || ':' || t.cmin, d.xmin || ':' || d.cmin] AS changed,
       t.evtevent::text AS event,
       t.evttags AS tags,
       t.evtfoid::regprocedure::text AS function,
       CASE t.evtenabled WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'replica' WHEN 'A' THEN 'always' END
           AS enabled,
       t.evtowner::regrole::text AS owner,
       d.description AS comment
FROM pg_event_trigger t
LEFT JOIN pg_description d ON (d.classoid, d.objoid) = ('pg_event_trigger'::regclass, t.oid)
WHERE NOT EXISTS (SELECT FROM pg_depend e
                  WHERE (e.classid, e.objid, e.deptype) = ('pg_event_trigger'::regclass, t.oid, 'e'))
