CREATE TABLE t (a integer DEFAULT 7, b timestamptz DEFAULT now(), c text DEFAULT '');
