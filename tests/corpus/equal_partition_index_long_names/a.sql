CREATE TABLE t (an_even_longer_name_of_a_column int, b int) PARTITION BY LIST (b);
CREATE TABLE a_table_with_a_name_that_is_rather_long_for_postgresql PARTITION OF t FOR VALUES IN (1);
CREATE TABLE s PARTITION OF t FOR VALUES IN (2);
CREATE TABLE a_table_with_a_name_of_medium_len PARTITION OF t FOR VALUES IN (3);
CREATE INDEX i ON t (an_even_longer_name_of_a_column);
CREATE INDEX j ON t (an_even_longer_name_of_a_column, b);
CREATE INDEX l ON t (an_even_longer_name_of_a_column, b, (b + 1), (b + 2));
ALTER TABLE t ADD CONSTRAINT k UNIQUE (an_even_longer_name_of_a_column, b);
