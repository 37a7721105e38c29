CREATE TABLE t (a integer);
CREATE POLICY p ON t TO "Odd Role", writer, reader USING (true);
