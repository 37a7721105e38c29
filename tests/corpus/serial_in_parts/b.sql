CREATE SEQUENCE t_id_seq;
CREATE TABLE t (id integer NOT NULL DEFAULT nextval('t_id_seq'), small smallserial, big bigserial, cycled serial);
ALTER TABLE t ADD PRIMARY KEY (id);
ALTER SEQUENCE t_id_seq OWNED BY t.id;
ALTER SEQUENCE t_small_seq AS integer;
ALTER SEQUENCE t_big_seq AS integer;
ALTER SEQUENCE t_cycled_seq AS bigint CYCLE;
