CREATE TABLE t (a integer);
GRANT SELECT ON t TO reader;
DO $$ BEGIN EXECUTE format('ALTER ROLE reader IN DATABASE %I SET statement_timeout = 3000', current_database()); END $$;
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = ''9MB''', current_database()); END $$;
