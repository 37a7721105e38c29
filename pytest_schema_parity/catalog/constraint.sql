-- A constraint that a partition or a child inherits is reported at its parent, as far as it differs
-- from that. The name of a key's constraint is that of its index, and reported there.
WITH RECURSIVE step (parent, id) AS (
    SELECT k.conparentid, k.oid FROM pg_constraint k WHERE k.conparentid <> 0
    UNION ALL
    SELECT up.oid, k.oid
    FROM pg_inherits h
    JOIN pg_constraint up ON up.conrelid = h.inhparent AND up.contype = 'c'
    JOIN pg_constraint k ON k.conrelid = h.inhrelid AND k.contype = 'c'
                        AND k.conname = up.conname AND k.coninhcount > 0
), branch (root, parent, id) AS (
    SELECT s.parent, s.parent, s.id FROM step s WHERE s.parent NOT IN (SELECT id FROM step)
    UNION ALL
    SELECT b.root, s.parent, s.id FROM branch b JOIN step s ON s.parent = b.id
), child AS (
    SELECT DISTINCT b.root, k.oid, k.conrelid::regclass::text AS "table", k.conname,
           d.description AS comment, k.contype = 'f' AND k.conname <> up.conname
               AND k.conname !~ (format('_%s_fkey[0-9]*$', (
                   SELECT string_agg(regexp_replace(a.attname, '\W', '.', 'g'), '_' ORDER BY key.rank)
                   FROM unnest(k.conkey) WITH ORDINALITY AS key (number, rank)
                   JOIN pg_attribute a ON (a.attrelid, a.attnum) = (k.conrelid, key.number))))
               AS has_own_name,
           k.contype = 'c' AND k.conislocal AS is_declared,
           nullif(concat_ws(', ',
               CASE WHEN k.conenforced <> up.conenforced -- since 18
                    THEN CASE WHEN k.conenforced THEN 'enforced' ELSE 'not enforced' END END, -- since 18
               CASE WHEN k.convalidated <> up.convalidated
                    THEN CASE WHEN k.convalidated THEN 'validated' ELSE 'not validated' END END
           ), '') AS states
    FROM branch b
    JOIN pg_constraint k ON k.oid = b.id
    JOIN pg_constraint up ON up.oid = b.parent AND up.conrelid <> k.conrelid
    LEFT JOIN pg_description d ON (d.classoid, d.objoid) = ('pg_constraint'::regclass, k.oid)
), children AS (
    SELECT root,
           array_agg(format('%s: %I', "table", conname) ORDER BY "table")
               FILTER (WHERE has_own_name) AS names,
           array_agg("table" ORDER BY "table") FILTER (WHERE is_declared) AS declared,
           array_agg(format('%s: %s', "table", states) ORDER BY "table")
               FILTER (WHERE states IS NOT NULL) AS states,
           array_agg(format('%s: %s', "table", comment) ORDER BY "table")
               FILTER (WHERE comment IS NOT NULL) AS comments
    FROM child GROUP BY root
), switched AS (  -- ALTER TABLE … DISABLE TRIGGER ALL
    SELECT coalesce(b.root, t.tgconstraint) AS root,
           array_agg(DISTINCT format('%s on %s: %s', t.tgfoid::regproc, t.tgrelid::regclass,
               CASE t.tgenabled WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'replica'
                                WHEN 'A' THEN 'always' ELSE 'enabled' END)) AS triggers
    FROM pg_trigger t
    LEFT JOIN branch b ON b.id = t.tgconstraint
    LEFT JOIN pg_trigger up ON up.oid = t.tgparentid
    WHERE t.tgisinternal AND t.tgconstraint <> 0 AND t.tgenabled <> coalesce(up.tgenabled, 'O')
    GROUP BY 1
)
SELECT format('%I.%I.%I', n.nspname, coalesce(c.relname, ty.typname), k.conname) AS name,
       CASE c.relkind WHEN 'f' THEN 'foreign table' WHEN 'r' THEN 'table' WHEN 'p' THEN 'table'
                      ELSE 'domain' END AS parent_kind,
       format('%I.%I', n.nspname, coalesce(c.relname, ty.typname)) AS parent_name,
       NULL AS made,
       ARRAY[header(k)] AS changed,
       ARRAY['comment', header(d)] AS parts,
       CASE k.contype WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique' WHEN 'f' THEN 'foreign key'
                      WHEN 'c' THEN 'check' WHEN 'x' THEN 'exclusion' END AS type,
       CASE WHEN k.contype IN ('p', 'u', 'f') THEN (
           SELECT array_agg(quote_ident(a.attname) ORDER BY key.rank)
           FROM unnest(k.conkey) WITH ORDINALITY AS key (number, rank)
           JOIN pg_attribute a ON (a.attrelid, a.attnum) = (k.conrelid, key.number)) END AS columns,
       pg_get_expr(k.conbin, k.conrelid) AS expression,
       CASE WHEN k.contype = 'x' THEN k.conexclop::regoperator[]::text[] END AS operators,
       CASE WHEN k.contype = 'f' THEN k.confrelid::regclass::text END AS "references",
       CASE WHEN k.contype = 'f' THEN (
           SELECT array_agg(quote_ident(a.attname) ORDER BY key.rank)
           FROM unnest(k.confkey) WITH ORDINALITY AS key (number, rank)
           JOIN pg_attribute a ON (a.attrelid, a.attnum) = (k.confrelid, key.number)) END
           AS referenced_columns,
       CASE WHEN k.contype = 'f' THEN CASE k.confupdtype WHEN 'a' THEN 'no action'
           WHEN 'r' THEN 'restrict' WHEN 'c' THEN 'cascade' WHEN 'n' THEN 'set null'
           WHEN 'd' THEN 'set default' END END AS on_update,
       CASE WHEN k.contype = 'f' THEN CASE k.confdeltype WHEN 'a' THEN 'no action'
           WHEN 'r' THEN 'restrict' WHEN 'c' THEN 'cascade' WHEN 'n' THEN 'set null'
           WHEN 'd' THEN 'set default' END END AS on_delete,
       CASE WHEN k.confdelsetcols IS NOT NULL THEN (
           SELECT array_agg(quote_ident(a.attname) ORDER BY a.attname)
           FROM pg_attribute a
           WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.confdelsetcols)) END
           AS on_delete_columns,
       CASE k.confmatchtype WHEN 'f' THEN 'full' WHEN 'p' THEN 'partial' END AS match,
       nullif(k.condeferrable, false) AS deferrable,
       nullif(k.condeferred, false) AS initially_deferred,
       nullif(k.convalidated, true) AS validated, -- until 17
       nullif(k.convalidated OR NOT k.conenforced, true) AS validated, -- since 18
       CASE WHEN k.contype = 'c' THEN nullif(k.connoinherit, false) END AS no_inherit,
       nullif(k.conenforced, true) AS enforced, -- since 18
       nullif(k.conperiod, false) AS period, -- since 18
       switched.triggers,
       children.names AS child_names,
       children.declared AS declared_in_children,
       children.states AS child_states,
       children.comments AS child_comments,
       d.description AS comment
FROM pg_constraint k
JOIN pg_namespace n ON n.oid = k.connamespace
LEFT JOIN pg_class c ON c.oid = k.conrelid
LEFT JOIN pg_type ty ON ty.oid = k.contypid
LEFT JOIN children ON children.root = k.oid
LEFT JOIN switched ON switched.root = k.oid
LEFT JOIN pg_description d ON (d.classoid, d.objoid) = ('pg_constraint'::regclass, k.oid)
WHERE k.oid >= 16384 AND k.contype IN ('p', 'u', 'f', 'c', 'x')
  AND CASE WHEN k.contype = 'c' THEN k.coninhcount ELSE k.conparentid::bigint END = 0
  AND n.nspname !~ '^(pg_temp|pg_toast|information_schema$)'
  AND k.contypid NOT IN (SELECT objid FROM pg_depend WHERE (refclassid, classid, deptype)
                         = ('pg_extension'::regclass, 'pg_type'::regclass, 'e'))
