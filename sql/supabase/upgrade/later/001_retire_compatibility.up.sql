-- The end of the compatibility with the schema of before. Run it once no client is left that
-- - reads metric_counts, public_submission_metrics, user_points_summary, or the columns id,
--   activities_completed and last_activity_date of the leaderboards,
-- - calls refresh_leaderboards_concurrent(), get_user_role(text) or get_evidence_signed_url(text, integer),
-- - leaves it to the database to make ids, attachments and updated_at: Prisma's client supplies them.
--
-- Without it the database has all that the canonical schema has; with it, nothing else but its indexes.

BEGIN;
SET LOCAL lock_timeout = '5s';
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public;

DROP VIEW IF EXISTS public.metric_counts, public.public_submission_metrics, public.user_points_summary;
DROP FUNCTION IF EXISTS
    public.refresh_leaderboards_concurrent(),
    public.get_user_role(text),
    public.get_evidence_signed_url(text, integer);

DO $$
BEGIN
    IF EXISTS (
        SELECT FROM pg_catalog.pg_attribute
        WHERE attrelid = to_regclass('public.leaderboard_totals') AND attname = 'id'
    ) THEN
        DROP MATERIALIZED VIEW IF EXISTS public.leaderboard_totals;
    END IF;
    IF EXISTS (
        SELECT FROM pg_catalog.pg_attribute
        WHERE attrelid = to_regclass('public.leaderboard_30d') AND attname = 'id'
    ) THEN
        DROP MATERIALIZED VIEW IF EXISTS public.leaderboard_30d;
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

CREATE UNIQUE INDEX IF NOT EXISTS leaderboard_30d_user_id_key
    ON public.leaderboard_30d (user_id);
CREATE INDEX IF NOT EXISTS leaderboard_30d_total_points_idx
    ON public.leaderboard_30d (total_points DESC);
CREATE INDEX IF NOT EXISTS leaderboard_30d_handle_idx
    ON public.leaderboard_30d (handle);

REVOKE ALL ON public.leaderboard_totals, public.leaderboard_30d FROM anon, authenticated;
GRANT SELECT ON public.leaderboard_totals, public.leaderboard_30d TO authenticated;

DROP TRIGGER IF EXISTS update_submissions_updated_at ON public.submissions;
DROP FUNCTION IF EXISTS public.update_updated_at_column();

ALTER TABLE public.users ALTER COLUMN id DROP DEFAULT;
ALTER TABLE public.submissions ALTER COLUMN id DROP DEFAULT;
ALTER TABLE public.points_ledger ALTER COLUMN id DROP DEFAULT;
ALTER TABLE public.earned_badges ALTER COLUMN id DROP DEFAULT;
ALTER TABLE public.kajabi_events ALTER COLUMN id DROP DEFAULT;
ALTER TABLE public.audit_log ALTER COLUMN id DROP DEFAULT;
ALTER TABLE public.submissions ALTER COLUMN attachments DROP DEFAULT;
ALTER TABLE public.submissions ALTER COLUMN updated_at DROP DEFAULT;

COMMIT;
