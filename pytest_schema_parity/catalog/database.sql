SELECT 'this database' AS name,
       NULL AS made,
       ARRAY[header(d)] AS changed,
       pg_encoding_to_char(d.encoding) AS encoding,
       CASE d.datlocprovider WHEN 'c' THEN 'libc' WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' END
           AS locale_provider,
       -- Some systems write .utf8, others .UTF-8.
       regexp_replace(d.datcollate, '\.utf-?8', '.UTF-8', 'i') AS collation,
       regexp_replace(d.datctype, '\.utf-?8', '.UTF-8', 'i') AS ctype,
       d.daticulocale AS locale, -- until 16
       d.datlocale AS locale, -- since 17
       d.daticurules AS icu_rules, -- since 16
       (SELECT array_agg(setting ORDER BY setting COLLATE "C")
        FROM pg_db_role_setting s, unnest(s.setconfig) setting
        WHERE s.setdatabase = d.oid AND s.setrole = 0) AS settings,
       (SELECT array_agg(setting ORDER BY setting COLLATE "C")  -- ALTER ROLE ALL SET
        FROM pg_db_role_setting s, unnest(s.setconfig) setting
        WHERE s.setdatabase = 0 AND s.setrole = 0) AS settings_of_all_roles,
       nullif(d.datconnlimit, -1) AS connection_limit,
       d.datdba::regrole::text AS owner,
       nullif(shobj_description(d.oid, 'pg_database'),
              'default administrative connection database') AS comment
FROM pg_database d
WHERE d.datname = current_database()
