SELECT 'this database' AS name,
       NULL AS made,
       ARRAY[header(d)] AS changed,
       pg_encoding_to_char(d.encoding) AS encoding,
       (SELECT array_agg(setting ORDER BY setting COLLATE "C")
        FROM pg_db_role_setting s, unnest(s.setconfig) setting
        WHERE s.setdatabase = d.oid AND s.setrole = 0) AS settings,
       nullif(d.datconnlimit, -1) AS connection_limit,
       d.datdba::regrole::text AS owner,
       nullif(shobj_description(d.oid, 'pg_database'),
              'default administrative connection database') AS comment
FROM pg_database d
WHERE d.datname = current_database()
