CREATE TABLE t (a integer);
CREATE POLICY command ON t FOR DELETE USING (a > 0);
CREATE POLICY kind ON t USING (a > 0);
CREATE POLICY roles ON t TO writer USING (a > 0);
CREATE POLICY using_ ON t USING (true);
CREATE POLICY check_ ON t USING (true);
