CREATE TABLE t (a integer);
CREATE INDEX idx_t_a ON t (a);
