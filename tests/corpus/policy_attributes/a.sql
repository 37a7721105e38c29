CREATE TABLE t (a integer);
CREATE POLICY command ON t FOR SELECT USING (a > 0);
CREATE POLICY kind ON t AS RESTRICTIVE USING (a > 0);
CREATE POLICY roles ON t TO reader, writer USING (a > 0);
CREATE POLICY using_ ON t USING (a > 0);
CREATE POLICY check_ ON t USING (true) WITH CHECK (a > 0);
CREATE POLICY missing ON t USING (a > 7);
