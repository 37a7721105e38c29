CREATE TABLE t (a integer);
CREATE POLICY p ON t TO reader, writer, "Odd Role" USING (true);
