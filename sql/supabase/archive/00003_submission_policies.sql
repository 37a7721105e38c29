-- submissions

CREATE POLICY submissions_select_own ON submissions
  FOR SELECT TO authenticated
  USING (user_id = auth.get_user_id());

CREATE POLICY submissions_select_public ON submissions
  FOR SELECT TO anon, authenticated
  USING (visibility = 'PUBLIC' AND status = 'APPROVED');

CREATE POLICY submissions_insert_own ON submissions
  FOR INSERT TO authenticated
  WITH CHECK (user_id = auth.get_user_id());

CREATE POLICY submissions_update_own_pending ON submissions
  FOR UPDATE TO authenticated
  USING (user_id = auth.get_user_id() AND status = 'PENDING')
  WITH CHECK (user_id = auth.get_user_id());

CREATE POLICY submissions_delete_own_pending ON submissions
  FOR DELETE TO authenticated
  USING (user_id = auth.get_user_id() AND status = 'PENDING');

CREATE POLICY submissions_all_reviewer ON submissions
  FOR ALL TO authenticated
  USING (auth.is_reviewer());

CREATE INDEX IF NOT EXISTS idx_submissions_status ON submissions (status);
CREATE INDEX IF NOT EXISTS idx_submissions_public ON submissions (activity_code)
  WHERE visibility = 'PUBLIC' AND status = 'APPROVED';

-- Numbers for the public pages

CREATE OR REPLACE VIEW public_submission_metrics AS
SELECT
  activity_code,
  COUNT(*) AS public_submissions,
  MAX(created_at) AS latest_submission_at
FROM submissions
WHERE visibility = 'PUBLIC' AND status = 'APPROVED'
GROUP BY activity_code;

CREATE OR REPLACE VIEW user_points_summary AS
SELECT
  u.id AS user_id,
  u.handle,
  COALESCE(SUM(pl.delta_points), 0) AS total_points,
  COUNT(pl.id) AS ledger_entries
FROM users u
LEFT JOIN points_ledger pl ON pl.user_id = u.id
GROUP BY u.id, u.handle;
