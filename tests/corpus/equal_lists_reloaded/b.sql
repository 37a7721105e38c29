CREATE DOMAIN mood AS varchar(9) DEFAULT 'x'
    CONSTRAINT mood_check CHECK ((VALUE)::text = ANY ((ARRAY['glad'::varchar, 'sad'::varchar])::text[]));
CREATE TABLE t (
    id integer,
    state varchar(20) CONSTRAINT t_state_check
        CHECK ((state)::text = ANY ((ARRAY['open'::varchar, 'closed'::varchar])::text[])),
    kind varchar,
    live boolean GENERATED ALWAYS AS ((state)::text <> ALL ((ARRAY['closed'::varchar, 'void'::varchar])::text[])) STORED,
    short boolean DEFAULT (('a'::varchar)::text = ANY ((ARRAY['a'::varchar, 'b'::varchar])::text[])),
    CONSTRAINT t_id_excl EXCLUDE USING btree (id WITH =)
        WHERE ((state)::text = ANY ((ARRAY['open'::varchar, 'held'::varchar])::text[]))
);
CREATE INDEX i ON t (id, ((state)::text = ANY ((ARRAY['open'::varchar, 'held'::varchar])::text[])))
    WHERE (kind)::text <> ALL ((ARRAY['a'::varchar, 'b'::varchar])::text[]);
CREATE POLICY p ON t USING ((state)::text = ANY ((ARRAY['open'::varchar, 'void'::varchar])::text[]))
    WITH CHECK (((kind)::text = ANY ('{a}'::text[])) AND ((kind)::text = ANY ((ARRAY['c'::varchar, 'd'::varchar])::text[])));
CREATE VIEW v AS SELECT id, CASE WHEN (state)::text = ANY ((ARRAY['open'::varchar, 'void'::varchar])::text[]) THEN 1 ELSE 0 END AS n
    FROM t WHERE EXISTS (SELECT FROM t u WHERE (u.kind)::text = ANY ((ARRAY['x'::varchar, 'y'::varchar])::text[]));
CREATE MATERIALIZED VIEW m AS SELECT id FROM t
    WHERE (state)::text = ANY (ARRAY[('open'::varchar)::text, ('void'::varchar)::text]);
CREATE FUNCTION f(a boolean = (('x'::varchar)::text = ANY ((ARRAY['x'::varchar, 'y'::varchar])::text[])))
    RETURNS boolean LANGUAGE sql
    RETURN (a AND (('q'::varchar)::text = ANY ((ARRAY['r'::varchar, 's'::varchar])::text[])));
CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER g AFTER UPDATE ON t FOR EACH ROW
    WHEN ((NEW.state)::text = ANY ((ARRAY['open'::varchar, 'void'::varchar])::text[])) EXECUTE FUNCTION g();
CREATE RULE r AS ON DELETE TO t WHERE (old.state)::text = ANY ((ARRAY['open'::varchar, 'void'::varchar])::text[])
    DO NOTHING;
CREATE STATISTICS s ON id, ((state)::text = ANY ((ARRAY['open'::varchar, 'void'::varchar])::text[])) FROM t;
