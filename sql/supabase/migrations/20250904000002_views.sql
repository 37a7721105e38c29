-- The leaderboards and the metrics of each activity.  At parity with
-- sql/prisma/migrations/002_views.sql, which says why they are written this way.

CREATE MATERIALIZED VIEW public.leaderboard_totals AS
SELECT
    u.id AS user_id,
    u.handle,
    u.name,
    u.avatar_url,
    u.school,
    u.cohort,
    points.total_points,
    COALESCE(shown.public_submissions, 0) AS public_submissions,
    points.last_activity_at
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
WHERE u.role = 'PARTICIPANT' AND points.total_points > 0;

CREATE UNIQUE INDEX leaderboard_totals_user_id_key ON public.leaderboard_totals (user_id);
CREATE INDEX leaderboard_totals_total_points_idx ON public.leaderboard_totals (total_points DESC);
CREATE INDEX leaderboard_totals_handle_idx ON public.leaderboard_totals (handle);

CREATE MATERIALIZED VIEW public.leaderboard_30d AS
SELECT
    u.id AS user_id,
    u.handle,
    u.name,
    u.avatar_url,
    u.school,
    u.cohort,
    points.total_points,
    COALESCE(shown.public_submissions, 0) AS public_submissions,
    points.last_activity_at
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
WHERE u.role = 'PARTICIPANT' AND points.total_points > 0;

CREATE UNIQUE INDEX leaderboard_30d_user_id_key ON public.leaderboard_30d (user_id);
CREATE INDEX leaderboard_30d_total_points_idx ON public.leaderboard_30d (total_points DESC);
CREATE INDEX leaderboard_30d_handle_idx ON public.leaderboard_30d (handle);

CREATE MATERIALIZED VIEW public.activity_metrics AS
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

CREATE UNIQUE INDEX activity_metrics_code_key ON public.activity_metrics (code);
CREATE INDEX activity_metrics_total_points_idx ON public.activity_metrics (total_points DESC);

CREATE FUNCTION public.refresh_leaderboards() RETURNS void
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

REVOKE EXECUTE ON FUNCTION public.refresh_leaderboards() FROM PUBLIC;
