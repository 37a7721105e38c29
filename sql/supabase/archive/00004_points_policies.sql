-- points_ledger

CREATE POLICY points_select_own ON points_ledger
  FOR SELECT TO authenticated
  USING (user_id = auth.get_user_id());

CREATE POLICY points_select_staff ON points_ledger
  FOR SELECT TO authenticated
  USING (auth.is_reviewer());

CREATE POLICY points_all_admin ON points_ledger
  FOR ALL TO authenticated
  USING (auth.is_admin());

-- badges

CREATE POLICY badges_select_all ON badges
  FOR SELECT TO anon, authenticated
  USING (true);

CREATE POLICY earned_badges_select_own ON earned_badges
  FOR SELECT TO authenticated
  USING (user_id = auth.get_user_id());

CREATE INDEX IF NOT EXISTS idx_points_ledger_source ON points_ledger (source);

-- Leaderboards

CREATE OR REPLACE VIEW leaderboard_totals AS
SELECT
  u.id AS user_id,
  u.handle,
  u.name,
  u.avatar_url,
  COALESCE(SUM(pl.delta_points), 0) AS total_points
FROM users u
LEFT JOIN points_ledger pl ON pl.user_id = u.id
WHERE u.role = 'PARTICIPANT'
GROUP BY u.id, u.handle, u.name, u.avatar_url;

CREATE OR REPLACE VIEW leaderboard_30d AS
SELECT
  u.id AS user_id,
  u.handle,
  u.name,
  u.avatar_url,
  COALESCE(SUM(pl.delta_points), 0) AS total_points
FROM users u
LEFT JOIN points_ledger pl ON pl.user_id = u.id
  AND pl.created_at >= CURRENT_TIMESTAMP - INTERVAL '30 days'
WHERE u.role = 'PARTICIPANT'
GROUP BY u.id, u.handle, u.name, u.avatar_url;
