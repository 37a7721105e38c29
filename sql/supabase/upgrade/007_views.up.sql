-- The views as Prisma has them: right sums, participants above 0 points, 30 days from midnight, and unique
-- indexes, so that refresh_leaderboards() can do it CONCURRENTLY.
--
-- Readers of before keep working, until later/001_retire_compatibility:
-- - leaderboard_totals and leaderboard_30d have the columns of before as well, last in the row: id,
--   activities_completed, last_activity_date.
-- - metric_counts is a plain view that gives what it gave, always up to date.
-- - refresh_leaderboards_concurrent(), which never worked, now does.
--
-- Two things change for them on purpose: total_points counts each ledger entry once (not once for each
-- submission), and participants without points are no longer listed.
--
-- A view of somebody else that reads a leaderboard makes this step fail and changes nothing: drop that
-- view before, and create it again after.

BEGIN;
SET LOCAL lock_timeout = '5s';
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public;

DO $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_catalog.pg_attribute
        WHERE attrelid = to_regclass('public.leaderboard_totals') AND attname = 'user_id'
    ) THEN
        DROP MATERIALIZED VIEW IF EXISTS public.leaderboard_totals;
    END IF;
    IF NOT EXISTS (
        SELECT FROM pg_catalog.pg_attribute
        WHERE attrelid = to_regclass('public.leaderboard_30d') AND attname = 'user_id'
    ) THEN
        DROP MATERIALIZED VIEW IF EXISTS public.leaderboard_30d;
    END IF;
    IF EXISTS (
        SELECT FROM pg_catalog.pg_class
        WHERE oid = to_regclass('public.metric_counts') AND relkind = 'm'
    ) THEN
        DROP MATERIALIZED VIEW public.metric_counts;
    END IF;
END
$$;

CREATE MATERIALIZED VIEW IF NOT EXISTS public.leaderboard_totals AS
SELECT
    u.id AS user_id,
    u.handle,
    u.name,
    u.avatar_url,
    u.school,
    u.cohort,
    points.total_points,
    COALESCE(shown.public_submissions, 0) AS public_submissions,
    points.last_activity_at,
    u.id,
    COALESCE(done.activities_completed, 0) AS activities_completed,
    done.last_activity_date
FROM public.users AS u
JOIN (
    SELECT user_id, SUM(delta_points) AS total_points, MAX(created_at) AS last_activity_at
    FROM public.points_ledger
    GROUP BY user_id
) AS points ON points.user_id = u.id
LEFT JOIN (
    SELECT user_id, COUNT(*) AS public_submissions
    FROM public.submissions
    WHERE status = 'APPROVED' AND visibility = 'PUBLIC'
    GROUP BY user_id
) AS shown ON shown.user_id = u.id
LEFT JOIN (
    SELECT
        user_id,
        COUNT(DISTINCT activity_code) AS activities_completed,
        MAX(updated_at) AS last_activity_date
    FROM public.submissions
    WHERE status = 'APPROVED'
    GROUP BY user_id
) AS done ON done.user_id = u.id
WHERE u.role = 'PARTICIPANT' AND points.total_points > 0;

CREATE UNIQUE INDEX IF NOT EXISTS leaderboard_totals_user_id_key
    ON public.leaderboard_totals (user_id);
CREATE INDEX IF NOT EXISTS leaderboard_totals_total_points_idx
    ON public.leaderboard_totals (total_points DESC);
CREATE INDEX IF NOT EXISTS leaderboard_totals_handle_idx
    ON public.leaderboard_totals (handle);

CREATE MATERIALIZED VIEW IF NOT EXISTS public.leaderboard_30d AS
SELECT
    u.id AS user_id,
    u.handle,
    u.name,
    u.avatar_url,
    u.school,
    u.cohort,
    points.total_points,
    COALESCE(shown.public_submissions, 0) AS public_submissions,
    points.last_activity_at,
    u.id,
    COALESCE(done.activities_completed, 0) AS activities_completed,
    done.last_activity_date
FROM public.users AS u
JOIN (
    SELECT user_id, SUM(delta_points) AS total_points, MAX(created_at) AS last_activity_at
    FROM public.points_ledger
    WHERE created_at >= CURRENT_DATE - INTERVAL '30 days'
    GROUP BY user_id
) AS points ON points.user_id = u.id
LEFT JOIN (
    SELECT user_id, COUNT(*) AS public_submissions
    FROM public.submissions
    WHERE status = 'APPROVED'
        AND visibility = 'PUBLIC'
        AND created_at >= CURRENT_DATE - INTERVAL '30 days'
    GROUP BY user_id
) AS shown ON shown.user_id = u.id
LEFT JOIN (
    SELECT
        user_id,
        COUNT(DISTINCT activity_code) AS activities_completed,
        MAX(updated_at) AS last_activity_date
    FROM public.submissions
    WHERE status = 'APPROVED'
        AND updated_at >= CURRENT_TIMESTAMP - INTERVAL '30 days'
    GROUP BY user_id
) AS done ON done.user_id = u.id
WHERE u.role = 'PARTICIPANT' AND points.total_points > 0;

CREATE UNIQUE INDEX IF NOT EXISTS leaderboard_30d_user_id_key
    ON public.leaderboard_30d (user_id);
CREATE INDEX IF NOT EXISTS leaderboard_30d_total_points_idx
    ON public.leaderboard_30d (total_points DESC);
CREATE INDEX IF NOT EXISTS leaderboard_30d_handle_idx
    ON public.leaderboard_30d (handle);

CREATE MATERIALIZED VIEW IF NOT EXISTS public.activity_metrics AS
SELECT
    a.code,
    a.name,
    COALESCE(work.total_submissions, 0) AS total_submissions,
    COALESCE(work.pending_submissions, 0) AS pending_submissions,
    COALESCE(work.approved_submissions, 0) AS approved_submissions,
    COALESCE(work.rejected_submissions, 0) AS rejected_submissions,
    COALESCE(work.public_submissions, 0) AS public_submissions,
    COALESCE(points.total_points, 0) AS total_points,
    points.average_points
FROM public.activities AS a
LEFT JOIN (
    SELECT
        activity_code,
        COUNT(*) AS total_submissions,
        COUNT(*) FILTER (WHERE status = 'PENDING') AS pending_submissions,
        COUNT(*) FILTER (WHERE status = 'APPROVED') AS approved_submissions,
        COUNT(*) FILTER (WHERE status = 'REJECTED') AS rejected_submissions,
        COUNT(*) FILTER (WHERE status = 'APPROVED' AND visibility = 'PUBLIC') AS public_submissions
    FROM public.submissions
    GROUP BY activity_code
) AS work ON work.activity_code = a.code
LEFT JOIN (
    SELECT
        activity_code,
        SUM(delta_points) AS total_points,
        ROUND(AVG(delta_points), 2) AS average_points
    FROM public.points_ledger
    GROUP BY activity_code
) AS points ON points.activity_code = a.code;

CREATE UNIQUE INDEX IF NOT EXISTS activity_metrics_code_key
    ON public.activity_metrics (code);
CREATE INDEX IF NOT EXISTS activity_metrics_total_points_idx
    ON public.activity_metrics (total_points DESC);

CREATE OR REPLACE VIEW public.metric_counts AS
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

CREATE OR REPLACE FUNCTION public.refresh_leaderboards() RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = ''
AS $$
BEGIN
    REFRESH MATERIALIZED VIEW CONCURRENTLY public.leaderboard_totals;
    REFRESH MATERIALIZED VIEW CONCURRENTLY public.leaderboard_30d;
    REFRESH MATERIALIZED VIEW CONCURRENTLY public.activity_metrics;
END
$$;

CREATE OR REPLACE FUNCTION public.refresh_leaderboards_concurrent() RETURNS void
LANGUAGE sql
SET search_path = ''
AS $$
    SELECT public.refresh_leaderboards()
$$;

-- Names and schools are for those who have signed in; numbers without names stay open to visitors as
-- long as the compatibility views are there.  Refreshing is the server's.

REVOKE ALL ON public.leaderboard_totals, public.leaderboard_30d, public.activity_metrics,
    public.metric_counts, public.public_submission_metrics, public.user_points_summary
    FROM anon, authenticated;
GRANT SELECT ON public.leaderboard_totals, public.leaderboard_30d, public.activity_metrics,
    public.metric_counts, public.public_submission_metrics, public.user_points_summary
    TO authenticated;
GRANT SELECT ON public.metric_counts, public.public_submission_metrics TO anon;
REVOKE EXECUTE ON FUNCTION public.refresh_leaderboards() FROM PUBLIC, anon, authenticated;
REVOKE EXECUTE ON FUNCTION public.refresh_leaderboards_concurrent() FROM PUBLIC, anon, authenticated;

COMMENT ON COLUMN public.leaderboard_totals.id IS 'Compatibility: goes with sql/supabase/upgrade/later/001_retire_compatibility';
COMMENT ON COLUMN public.leaderboard_totals.activities_completed IS 'Compatibility: goes with sql/supabase/upgrade/later/001_retire_compatibility';
COMMENT ON COLUMN public.leaderboard_totals.last_activity_date IS 'Compatibility: goes with sql/supabase/upgrade/later/001_retire_compatibility';
COMMENT ON COLUMN public.leaderboard_30d.id IS 'Compatibility: goes with sql/supabase/upgrade/later/001_retire_compatibility';
COMMENT ON COLUMN public.leaderboard_30d.activities_completed IS 'Compatibility: goes with sql/supabase/upgrade/later/001_retire_compatibility';
COMMENT ON COLUMN public.leaderboard_30d.last_activity_date IS 'Compatibility: goes with sql/supabase/upgrade/later/001_retire_compatibility';
COMMENT ON VIEW public.metric_counts IS 'Compatibility: goes with sql/supabase/upgrade/later/001_retire_compatibility';
COMMENT ON VIEW public.public_submission_metrics IS 'Compatibility: goes with sql/supabase/upgrade/later/001_retire_compatibility';
COMMENT ON VIEW public.user_points_summary IS 'Compatibility: goes with sql/supabase/upgrade/later/001_retire_compatibility';
COMMENT ON FUNCTION public.refresh_leaderboards_concurrent() IS 'Compatibility: goes with sql/supabase/upgrade/later/001_retire_compatibility';

COMMIT;
