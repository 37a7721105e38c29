CREATE TABLE o (id int PRIMARY KEY, a int NOT NULL);
CREATE TABLE told (name text DEFAULT 'public.o', class regclass DEFAULT 'public.o'::regclass);
