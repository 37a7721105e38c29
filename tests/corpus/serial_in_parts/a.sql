CREATE TABLE t (id serial PRIMARY KEY, small smallserial, big bigserial, cycled serial);
ALTER SEQUENCE t_cycled_seq CYCLE;
