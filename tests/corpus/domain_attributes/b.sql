CREATE DOMAIN email AS varchar(90) CONSTRAINT has_at CHECK (VALUE LIKE '%@_%');
CREATE DOMAIN nick AS text;
