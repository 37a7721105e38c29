-- What a partition or a child inherits is its parent's word, and not told again.
SELECT format('%I.%I.%I', n.nspname, coalesce(c.relname, ty.typname), k.conname) AS name,
       CASE c.relkind WHEN 'f' THEN 'foreign table' WHEN 'r' THEN 'table' WHEN 'p' THEN 'table'
                      ELSE 'domain' END AS parent_kind,
       format('%I.%I', n.nspname, coalesce(c.relname, ty.typname)) AS parent_name,
       NULL AS made,
       ARRAY[header(k), header(d)] AS changed,
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
       CASE WHEN k.contype = 'f' THEN (  -- ALTER TABLE … DISABLE TRIGGER ALL
           SELECT array_agg(DISTINCT CASE t.tgenabled
               WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'replica' ELSE 'always' END)
           FROM pg_trigger t WHERE t.tgconstraint = k.oid AND t.tgenabled <> 'O') END AS triggers,
       CASE WHEN k.contype = 'f' THEN (  -- the same on a partition alone
           WITH RECURSIVE part (id) AS (
               SELECT c.oid FROM pg_constraint c WHERE c.conparentid = k.oid
               UNION ALL SELECT c.oid FROM pg_constraint c JOIN part ON c.conparentid = part.id)
           SELECT array_agg(DISTINCT t.tgrelid::regclass || CASE t.tgenabled
               WHEN 'O' THEN ': enabled' WHEN 'D' THEN ': disabled'
               WHEN 'R' THEN ': replica' ELSE ': always' END)
           FROM pg_trigger t
           JOIN part ON t.tgconstraint = part.id
           JOIN pg_trigger above ON above.oid = t.tgparentid
           WHERE t.tgenabled <> above.tgenabled) END AS triggers_of_partitions,
       d.description AS comment
FROM pg_constraint k
JOIN pg_namespace n ON n.oid = k.connamespace
LEFT JOIN pg_class c ON c.oid = k.conrelid
LEFT JOIN pg_type ty ON ty.oid = k.contypid
LEFT JOIN pg_description d ON (d.classoid, d.objoid) = ('pg_constraint'::regclass, k.oid)
WHERE k.oid >= 16384 AND k.contype IN ('p', 'u', 'f', 'c', 'x') AND k.conislocal
  AND n.nspname !~ '^(pg_temp|pg_toast|information_schema$)'
  AND k.conrelid NOT IN (SELECT objid FROM pg_depend WHERE (refclassid, classid, deptype)
                         = ('pg_extension'::regclass, 'pg_class'::regclass, 'e'))
  AND k.contypid NOT IN (SELECT objid FROM pg_depend WHERE (refclassid, classid, deptype)
                         = ('pg_extension'::regclass, 'pg_type'::regclass, 'e'))
