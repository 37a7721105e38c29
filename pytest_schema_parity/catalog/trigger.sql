-- A trigger that a partition inherits is reported at its parent, as far as it differs from that. The
-- triggers that PostgreSQL creates for a constraint are reported at the constraint.
WITH RECURSIVE branch (root, above, id) AS (
    SELECT up.oid, up.tgenabled, t.oid
    FROM pg_trigger t JOIN pg_trigger up ON up.oid = t.tgparentid
    WHERE up.tgparentid = 0 AND NOT up.tgisinternal
    UNION ALL
    SELECT b.root, up.tgenabled, t.oid
    FROM branch b
    JOIN pg_trigger t ON t.tgparentid = b.id
    JOIN pg_trigger up ON up.oid = b.id
), children AS (
    SELECT b.root,
           array_agg(format('%s: %s', t.tgrelid::regclass, CASE t.tgenabled
                         WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'replica' WHEN 'A' THEN 'always'
                         ELSE 'enabled' END) ORDER BY t.tgrelid::regclass::text)
               FILTER (WHERE t.tgenabled <> b.above) AS states,
           array_agg(format('%s: %s', t.tgrelid::regclass, d.description)
                     ORDER BY t.tgrelid::regclass::text)
               FILTER (WHERE d.description IS NOT NULL) AS comments
    FROM branch b
    JOIN pg_trigger t ON t.oid = b.id
    LEFT JOIN pg_description d ON (d.classoid, d.objoid) = ('pg_trigger'::regclass, t.oid)
    GROUP BY b.root
)
SELECT format('%I.%I.%I', n.nspname, c.relname, t.tgname) AS name,
       CASE c.relkind WHEN 'v' THEN 'view' WHEN 'f' THEN 'foreign table' ELSE 'table' END AS parent_kind,
       format('%I.%I', n.nspname, c.relname) AS parent_name,
       NULL AS made,
       ARRAY[header(t)] AS changed,
       ARRAY['comment', header(d)] AS parts,
       CASE WHEN t.tgtype & 2 > 0 THEN 'BEFORE' WHEN t.tgtype & 64 > 0 THEN 'INSTEAD OF'
            ELSE 'AFTER' END AS timing,
       array_remove(ARRAY[
           CASE WHEN t.tgtype & 4 > 0 THEN 'INSERT' END, CASE WHEN t.tgtype & 16 > 0 THEN 'UPDATE' END,
           CASE WHEN t.tgtype & 8 > 0 THEN 'DELETE' END, CASE WHEN t.tgtype & 32 > 0 THEN 'TRUNCATE' END
       ], NULL) AS events,
       CASE WHEN t.tgtype & 1 > 0 THEN 'ROW' ELSE 'STATEMENT' END AS level,
       CASE WHEN t.tgattr <> '' THEN (
           SELECT array_agg(quote_ident(a.attname) ORDER BY a.attname) FROM pg_attribute a
           WHERE a.attrelid = t.tgrelid AND a.attnum = ANY (t.tgattr)) END AS columns,
       CASE WHEN t.tgqual IS NOT NULL THEN
           -- The quotes before and behind it are balanced, whatever the names hold.
           regexp_replace(
               regexp_replace(pg_get_triggerdef(t.oid), '^(?:[^"]|"[^"]*")*? WHEN \(', ''),
               '\) EXECUTE FUNCTION (?:[^''"]|"[^"]*"|''[^'']*'')*$', '')
       END AS "when",
       t.tgfoid::regprocedure::text AS function,
       CASE WHEN t.tgnargs > 0 THEN (
           SELECT array_agg(convert_from(decode(argument, 'escape'), getdatabaseencoding())
                            ORDER BY rank)
           FROM unnest(string_to_array(encode(t.tgargs, 'escape'), '\000'))
                WITH ORDINALITY AS a (argument, rank)
           WHERE rank <= t.tgnargs) END AS arguments,
       CASE t.tgenabled WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'replica' WHEN 'A' THEN 'always' END
           AS enabled,
       CASE WHEN t.tgconstraint <> 0 THEN true END AS "constraint",
       nullif(t.tgdeferrable, false) AS deferrable,
       nullif(t.tginitdeferred, false) AS initially_deferred,
       CASE WHEN t.tgconstrrelid <> 0 THEN t.tgconstrrelid::regclass::text END AS from_table,
       t.tgoldtable::text AS old_table,
       t.tgnewtable::text AS new_table,
       children.states AS child_states,
       children.comments AS child_comments,
       -- ALTER … DEPENDS ON EXTENSION
       (SELECT array_agg(quote_ident(e.extname) ORDER BY e.extname)
        FROM pg_depend x JOIN pg_extension e ON e.oid = x.refobjid
        WHERE (x.classid, x.objid, x.refclassid, x.deptype)
              = ('pg_trigger'::regclass, t.oid, 'pg_extension'::regclass, 'x')) AS depends_on_extensions,
       d.description AS comment
FROM pg_trigger t
JOIN pg_class c ON c.oid = t.tgrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN children ON children.root = t.oid
LEFT JOIN pg_description d ON (d.classoid, d.objoid) = ('pg_trigger'::regclass, t.oid)
WHERE t.oid >= 16384 AND t.tgparentid = 0 AND NOT t.tgisinternal
  AND n.nspname !~ '^(pg_temp|pg_toast|information_schema$)'
