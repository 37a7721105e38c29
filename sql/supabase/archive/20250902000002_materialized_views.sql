-- Materialized views for the leaderboards and the metrics

-- All-time leaderboard
CREATE MATERIALIZED VIEW leaderboard_totals AS
SELECT
  u.id,
  u.handle,
  u.name,
  u.avatar_url,
  u.school,
  COALESCE(SUM(pl.delta_points), 0) AS total_points,
  COUNT(DISTINCT s.activity_code) AS activities_completed,
  MAX(s.updated_at) AS last_activity_date
FROM users u
LEFT JOIN points_ledger pl ON pl.user_id = u.id
LEFT JOIN submissions s ON s.user_id = u.id AND s.status = 'APPROVED'
WHERE u.role = 'PARTICIPANT'
GROUP BY u.id, u.handle, u.name, u.avatar_url, u.school;

CREATE INDEX idx_leaderboard_totals_points ON leaderboard_totals (total_points DESC);

-- 30-day leaderboard
CREATE MATERIALIZED VIEW leaderboard_30d AS
SELECT
  u.id,
  u.handle,
  u.name,
  u.avatar_url,
  u.school,
  COALESCE(SUM(pl.delta_points), 0) AS total_points,
  COUNT(DISTINCT s.activity_code) AS activities_completed,
  MAX(s.updated_at) AS last_activity_date
FROM users u
LEFT JOIN points_ledger pl ON pl.user_id = u.id
LEFT JOIN submissions s ON s.user_id = u.id
  AND s.status = 'APPROVED'
  AND s.updated_at >= CURRENT_TIMESTAMP - INTERVAL '30 days'
WHERE u.role = 'PARTICIPANT'
GROUP BY u.id, u.handle, u.name, u.avatar_url, u.school;

CREATE INDEX idx_leaderboard_30d_points ON leaderboard_30d (total_points DESC);

-- Metrics per activity
CREATE MATERIALIZED VIEW metric_counts AS
SELECT
  a.code,
  a.name,
  COUNT(*) AS total_submissions,
  COUNT(*) FILTER (WHERE s.status = 'PENDING') AS pending_submissions,
  COUNT(*) FILTER (WHERE s.status = 'APPROVED') AS approved_submissions,
  COUNT(*) FILTER (WHERE s.status = 'REJECTED') AS rejected_submissions,
  COUNT(*) FILTER (WHERE s.visibility = 'PUBLIC') AS public_submissions
FROM activities a
LEFT JOIN submissions s ON s.activity_code = a.code
GROUP BY a.code, a.name;

CREATE INDEX idx_metric_counts_code ON metric_counts (code);

-- Refresh everything
CREATE OR REPLACE FUNCTION refresh_leaderboards()
RETURNS void AS $$
BEGIN
  REFRESH MATERIALIZED VIEW leaderboard_totals;
  REFRESH MATERIALIZED VIEW leaderboard_30d;
  REFRESH MATERIALIZED VIEW metric_counts;
END;
$$ LANGUAGE plpgsql;

-- Refresh everything without locking out readers
CREATE OR REPLACE FUNCTION refresh_leaderboards_concurrent()
RETURNS void AS $$
BEGIN
  REFRESH MATERIALIZED VIEW CONCURRENTLY leaderboard_totals;
  REFRESH MATERIALIZED VIEW CONCURRENTLY leaderboard_30d;
  REFRESH MATERIALIZED VIEW CONCURRENTLY metric_counts;
END;
$$ LANGUAGE plpgsql;
