-- The views of before. What a materialized view shows is computed anew from the tables.

BEGIN;
SET LOCAL lock_timeout = '5s';
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public;

DO $$
BEGIN
    IF EXISTS (
        SELECT FROM pg_catalog.pg_attribute
        WHERE attrelid = to_regclass('public.leaderboard_totals') AND attname = 'user_id'
    ) THEN
        DROP MATERIALIZED VIEW public.leaderboard_totals;
    END IF;
    IF EXISTS (
        SELECT FROM pg_catalog.pg_attribute
        WHERE attrelid = to_regclass('public.leaderboard_30d') AND attname = 'user_id'
    ) THEN
        DROP MATERIALIZED VIEW public.leaderboard_30d;
    END IF;
    IF EXISTS (
        SELECT FROM pg_catalog.pg_class
        WHERE oid = to_regclass('public.metric_counts') AND relkind = 'v'
    ) THEN
        DROP VIEW public.metric_counts;
    END IF;
END
$$;

DROP MATERIALIZED VIEW IF EXISTS public.activity_metrics;

CREATE MATERIALIZED VIEW IF NOT EXISTS public.leaderboard_totals AS
SELECT
  u.id,
  u.handle,
  u.name,
  u.avatar_url,
  u.school,
  COALESCE(SUM(pl.delta_points), 0) AS total_points,
  COUNT(DISTINCT s.activity_code) AS activities_completed,
  MAX(s.updated_at) AS last_activity_date
FROM public.users u
LEFT JOIN public.points_ledger pl ON pl.user_id = u.id
LEFT JOIN public.submissions s ON s.user_id = u.id AND s.status = 'APPROVED'
WHERE u.role = 'PARTICIPANT'
GROUP BY u.id, u.handle, u.name, u.avatar_url, u.school;

CREATE INDEX IF NOT EXISTS idx_leaderboard_totals_points ON leaderboard_totals (total_points DESC);

CREATE MATERIALIZED VIEW IF NOT EXISTS public.leaderboard_30d AS
SELECT
  u.id,
  u.handle,
  u.name,
  u.avatar_url,
  u.school,
  COALESCE(SUM(pl.delta_points), 0) AS total_points,
  COUNT(DISTINCT s.activity_code) AS activities_completed,
  MAX(s.updated_at) AS last_activity_date
FROM public.users u
LEFT JOIN public.points_ledger pl ON pl.user_id = u.id
LEFT JOIN public.submissions s ON s.user_id = u.id
  AND s.status = 'APPROVED'
  AND s.updated_at >= CURRENT_TIMESTAMP - INTERVAL '30 days'
WHERE u.role = 'PARTICIPANT'
GROUP BY u.id, u.handle, u.name, u.avatar_url, u.school;

CREATE INDEX IF NOT EXISTS idx_leaderboard_30d_points ON leaderboard_30d (total_points DESC);

CREATE MATERIALIZED VIEW IF NOT EXISTS public.metric_counts AS
SELECT
  a.code,
  a.name,
  COUNT(*) AS total_submissions,
  COUNT(*) FILTER (WHERE s.status = 'PENDING') AS pending_submissions,
  COUNT(*) FILTER (WHERE s.status = 'APPROVED') AS approved_submissions,
  COUNT(*) FILTER (WHERE s.status = 'REJECTED') AS rejected_submissions,
  COUNT(*) FILTER (WHERE s.visibility = 'PUBLIC') AS public_submissions
FROM public.activities a
LEFT JOIN public.submissions s ON s.activity_code = a.code
GROUP BY a.code, a.name;

CREATE INDEX IF NOT EXISTS idx_metric_counts_code ON metric_counts (code);

CREATE OR REPLACE FUNCTION public.refresh_leaderboards()
RETURNS void AS $$
BEGIN
  REFRESH MATERIALIZED VIEW leaderboard_totals;
  REFRESH MATERIALIZED VIEW leaderboard_30d;
  REFRESH MATERIALIZED VIEW metric_counts;
END;
$$ LANGUAGE plpgsql;

CREATE OR REPLACE FUNCTION public.refresh_leaderboards_concurrent()
RETURNS void AS $$
BEGIN
  REFRESH MATERIALIZED VIEW CONCURRENTLY leaderboard_totals;
  REFRESH MATERIALIZED VIEW CONCURRENTLY leaderboard_30d;
  REFRESH MATERIALIZED VIEW CONCURRENTLY metric_counts;
END;
$$ LANGUAGE plpgsql;

GRANT ALL ON public.leaderboard_totals, public.leaderboard_30d, public.metric_counts,
    public.public_submission_metrics, public.user_points_summary
    TO anon, authenticated, service_role;
GRANT EXECUTE ON FUNCTION public.refresh_leaderboards() TO PUBLIC, anon, authenticated;
GRANT EXECUTE ON FUNCTION public.refresh_leaderboards_concurrent() TO PUBLIC, anon, authenticated;

COMMENT ON VIEW public.public_submission_metrics IS NULL;
COMMENT ON VIEW public.user_points_summary IS NULL;
COMMENT ON FUNCTION public.refresh_leaderboards_concurrent() IS NULL;

COMMIT;
