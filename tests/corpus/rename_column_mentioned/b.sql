CREATE TYPE "JobState" AS ENUM ('new', 'done');
CREATE TABLE "Job" (
    id serial PRIMARY KEY, state "JobState" NOT NULL DEFAULT 'new', boss_id integer REFERENCES "Job",
    made_at timestamptz NOT NULL DEFAULT now(), CHECK (made_at > '2020-01-01'), UNIQUE (state, made_at)
);
CREATE INDEX newest ON "Job" (made_at DESC) WHERE state = 'new';
CREATE TABLE log (t_id integer NOT NULL REFERENCES "Job", state "JobState"[], CHECK (t_id > 0));
CREATE VIEW recent AS SELECT id, x.made_at, state FROM "Job" x WHERE made_at > now() - interval '1 day';
CREATE FUNCTION f(a "JobState", b "Job") RETURNS "JobState"[] LANGUAGE sql AS 'SELECT ARRAY[a]';
CREATE POLICY p ON log USING (EXISTS (SELECT FROM "Job" t WHERE t.id = t_id AND t.made_at < now()));
GRANT EXECUTE ON FUNCTION f TO PUBLIC;
GRANT SELECT (made_at) ON "Job" TO PUBLIC;
