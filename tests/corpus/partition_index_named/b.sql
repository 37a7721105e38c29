CREATE TABLE reading (taken date NOT NULL, sensor int NOT NULL, note text) PARTITION BY RANGE (taken);
CREATE TABLE reading_24 PARTITION OF reading FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE reading_25 PARTITION OF reading FOR VALUES FROM ('2025-01-01') TO ('2026-01-01') PARTITION BY LIST (sensor);
CREATE TABLE reading_25_1 PARTITION OF reading_25 FOR VALUES IN (1);
CREATE TABLE reading_25_2 PARTITION OF reading_25 FOR VALUES IN (2);
CREATE UNIQUE INDEX r24 ON reading_24 (taken, sensor);
CREATE UNIQUE INDEX one_a_day ON reading (taken, sensor);
ALTER TABLE reading_25_2 ADD CONSTRAINT "R 25" UNIQUE (taken, sensor);
ALTER TABLE reading ADD CONSTRAINT k UNIQUE (taken, sensor);
