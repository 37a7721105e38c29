CREATE TABLE old (id serial PRIMARY KEY, body text NOT NULL);
GRANT SELECT ON old TO reader;
