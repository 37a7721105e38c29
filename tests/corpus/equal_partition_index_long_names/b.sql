CREATE TABLE t (an_even_longer_name_of_a_column int, b int) PARTITION BY LIST (b);
CREATE INDEX l ON t (an_even_longer_name_of_a_column, b, (b + 1), (b + 2));
CREATE INDEX j ON t (an_even_longer_name_of_a_column, b);
CREATE INDEX i ON t (an_even_longer_name_of_a_column);
ALTER TABLE t ADD CONSTRAINT k UNIQUE (an_even_longer_name_of_a_column, b);
CREATE TABLE s PARTITION OF t FOR VALUES IN (2);
CREATE TABLE a_table_with_a_name_of_medium_len PARTITION OF t FOR VALUES IN (3);
CREATE TABLE a_table_with_a_name_that_is_rather_long_for_postgresql PARTITION OF t FOR VALUES IN (1);
