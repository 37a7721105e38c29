SELECT format('%I.%I.%I', n.nspname, c.relname, t.tgname) AS name,
       CASE c.relkind WHEN 'v' THEN 'view' WHEN 'f' THEN 'foreign table' ELSE 'table' END AS parent_kind,
       format('%I.%I', n.nspname, c.relname) AS parent_name,
       NULL AS made,
       ARRAY[t.xmin || ':' || t.cmin, d.xmin || ':' || d.cmin] AS changed,
       CASE WHEN t.tgtype & 2 > 0 THEN 'BEFORE' WHEN t.tgtype & 64 > 0 THEN 'INSTEAD OF'
            ELSE 'AFTER' END AS timing,
       array_remove(ARRAY[
           CASE WHEN t.tgtype & 4 > 0 THEN 'INSERT' END, CASE WHEN t.tgtype & 16 > 0 THEN 'UPDATE' END,
           CASE WHEN t.tgtype & 8 > 0 THEN 'DELETE' END, CASE WHEN t.tgtype & 32 > 0 THEN 'TRUNCATE' END
       ], NULL) AS events,
       CASE WHEN t.tgtype & 1 > 0 THEN 'ROW' ELSE 'STATEMENT' END AS level,
       (SELECT array_agg(a.attname::text ORDER BY a.attname) FROM pg_attribute a
        WHERE a.attrelid = t.tgrelid AND a.attnum = ANY (t.tgattr)) AS columns,
       substring(pg_get_triggerdef(t.oid) FROM ' WHEN \((.*)\) EXECUTE FUNCTION ') AS "when",
       t.tgfoid::regprocedure::text AS function,
       CASE WHEN t.tgnargs > 0 THEN array_remove(string_to_array(
           encode(t.tgargs, 'escape'), '\000'), '') END AS arguments,
       CASE t.tgenabled WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'replica' WHEN 'A' THEN 'always' END
           AS enabled,
       CASE WHEN t.tgconstraint <> 0 THEN true END AS "constraint",
       nullif(t.tgdeferrable, false) AS deferrable,
       nullif(t.tginitdeferred, false) AS initially_deferred,
       t.tgoldtable::text AS old_table,
       t.tgnewtable::text AS new_table,
       d.description AS comment
FROM pg_trigger t
JOIN pg_class c ON c.oid = t.tgrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_description d ON (d.classoid, d.objoid) = ('pg_trigger'::regclass, t.oid)
WHERE t.oid >= 16384 AND NOT t.tgisinternal
  AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend e
                  WHERE (e.classid, e.objid, e.deptype) = ('pg_class'::regclass, c.oid, 'e'))
