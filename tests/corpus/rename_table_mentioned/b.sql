CREATE TYPE "JobState" AS ENUM ('new', 'done');
CREATE TABLE job (
    id serial PRIMARY KEY, state "JobState" NOT NULL DEFAULT 'new', boss_id integer REFERENCES job,
    "madeAt" timestamptz NOT NULL DEFAULT now(), CHECK ("madeAt" > '2020-01-01'), UNIQUE (state, "madeAt")
);
CREATE INDEX newest ON job ("madeAt" DESC) WHERE state = 'new';
CREATE TABLE log (t_id integer NOT NULL REFERENCES job, state "JobState"[], CHECK (t_id > 0));
CREATE VIEW recent AS SELECT id, x."madeAt", state FROM job x WHERE "madeAt" > now() - interval '1 day';
CREATE FUNCTION f(a "JobState", b job) RETURNS "JobState"[] LANGUAGE sql AS 'SELECT ARRAY[a]';
CREATE POLICY p ON log USING (EXISTS (SELECT FROM job t WHERE t.id = t_id AND t."madeAt" < now()));
GRANT EXECUTE ON FUNCTION f TO PUBLIC;
GRANT SELECT ("madeAt") ON job TO PUBLIC;
