-- The publication that the realtime service listens to; migrations add tables to it.

CREATE PUBLICATION supabase_realtime;
ALTER PUBLICATION supabase_realtime OWNER TO postgres;
