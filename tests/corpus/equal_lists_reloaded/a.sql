CREATE DOMAIN mood AS varchar(9) DEFAULT 'x' CHECK (VALUE IN ('glad', 'sad'));
CREATE TABLE t (
    id integer, state varchar(20) CHECK (state IN ('open', 'closed')), kind varchar,
    live boolean GENERATED ALWAYS AS (state NOT IN ('closed', 'void')) STORED,
    short boolean DEFAULT ('a'::varchar IN ('a', 'b')),
    EXCLUDE USING btree (id WITH =) WHERE (state IN ('open', 'held'))
);
CREATE INDEX i ON t (id, (state IN ('open', 'held'))) WHERE kind NOT IN ('a', 'b');
CREATE POLICY p ON t USING (state IN ('open', 'void')) WITH CHECK (kind = ANY ('{a}') AND kind IN ('c', 'd'));
CREATE VIEW v AS SELECT t.id, CASE WHEN state IN ('open', 'void') THEN 1 ELSE 0 END AS n FROM t
    WHERE EXISTS (SELECT FROM t u WHERE u.kind IN ('x', 'y'));
CREATE MATERIALIZED VIEW m AS SELECT id FROM t WHERE state IN ('open', 'void');
CREATE FUNCTION f(a boolean = 'x'::varchar IN ('x', 'y')) RETURNS boolean LANGUAGE sql
    RETURN a AND 'q'::varchar IN ('r', 's');
CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER g AFTER UPDATE ON t FOR EACH ROW WHEN (NEW.state IN ('open', 'void')) EXECUTE FUNCTION g();
CREATE RULE r AS ON DELETE TO t WHERE old.state IN ('open', 'void') DO NOTHING;
CREATE STATISTICS s ON id, (state IN ('open', 'void')) FROM t;
