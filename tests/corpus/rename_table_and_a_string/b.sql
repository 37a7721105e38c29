CREATE TABLE n (id int PRIMARY KEY, a int NOT NULL);
CREATE TABLE told (name text DEFAULT 'public.n', class regclass DEFAULT 'public.n'::regclass);
