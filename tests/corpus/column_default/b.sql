CREATE TABLE t (a integer DEFAULT 8, b timestamptz, c text);
