-- What the clients of before need, once more: as steps 007 to 009 left it.

BEGIN;
SET LOCAL lock_timeout = '5s';
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public;

ALTER TABLE public.users ALTER COLUMN id SET DEFAULT gen_random_uuid()::text;
ALTER TABLE public.submissions ALTER COLUMN id SET DEFAULT gen_random_uuid()::text;
ALTER TABLE public.points_ledger ALTER COLUMN id SET DEFAULT gen_random_uuid()::text;
ALTER TABLE public.earned_badges ALTER COLUMN id SET DEFAULT gen_random_uuid()::text;
ALTER TABLE public.kajabi_events ALTER COLUMN id SET DEFAULT gen_random_uuid()::text;
ALTER TABLE public.audit_log ALTER COLUMN id SET DEFAULT gen_random_uuid()::text;
ALTER TABLE public.submissions ALTER COLUMN attachments SET DEFAULT '[]';
ALTER TABLE public.submissions ALTER COLUMN updated_at SET DEFAULT CURRENT_TIMESTAMP;

CREATE OR REPLACE FUNCTION public.update_updated_at_column()
RETURNS TRIGGER AS $$
BEGIN
  NEW.updated_at = CURRENT_TIMESTAMP;
  RETURN NEW;
END;
$$ LANGUAGE plpgsql;

CREATE OR REPLACE TRIGGER update_submissions_updated_at
  BEFORE UPDATE ON public.submissions
  FOR EACH ROW
  EXECUTE FUNCTION public.update_updated_at_column();

DO $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_catalog.pg_attribute
        WHERE attrelid = to_regclass('public.leaderboard_totals') AND attname = 'id'
    ) THEN
        DROP MATERIALIZED VIEW IF EXISTS public.leaderboard_totals;
    END IF;
    IF NOT EXISTS (
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

REVOKE ALL ON public.leaderboard_totals, public.leaderboard_30d FROM anon, authenticated;
GRANT SELECT ON public.leaderboard_totals, public.leaderboard_30d TO authenticated;

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

CREATE OR REPLACE VIEW public.public_submission_metrics AS
SELECT
  activity_code,
  COUNT(*) AS public_submissions,
  MAX(created_at) AS latest_submission_at
FROM public.submissions
WHERE visibility = 'PUBLIC' AND status = 'APPROVED'
GROUP BY activity_code;

CREATE OR REPLACE VIEW public.user_points_summary AS
SELECT
  u.id AS user_id,
  u.handle,
  COALESCE(SUM(pl.delta_points), 0) AS total_points,
  COUNT(pl.id) AS ledger_entries
FROM public.users u
LEFT JOIN public.points_ledger pl ON pl.user_id = u.id
GROUP BY u.id, u.handle;

CREATE OR REPLACE FUNCTION public.refresh_leaderboards_concurrent() RETURNS void
LANGUAGE sql
SET search_path = ''
AS $$
    SELECT public.refresh_leaderboards()
$$;

CREATE OR REPLACE FUNCTION public.get_user_role(user_id text) RETURNS public."Role"
LANGUAGE sql STABLE
SET search_path = ''
AS $$
    SELECT u.role FROM public.users AS u WHERE u.id = get_user_role.user_id
$$;

CREATE OR REPLACE FUNCTION public.get_evidence_signed_url(
    file_path text, expires_in integer DEFAULT 3600
) RETURNS text
LANGUAGE plpgsql
SET search_path = ''
AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM storage.objects WHERE bucket_id = 'evidence' AND name = file_path
    ) THEN
        RAISE EXCEPTION 'File not found: %', file_path;
    END IF;
    RETURN '/storage/v1/object/sign/evidence/' || file_path || '?expiresIn=' || expires_in;
END;
$$;

REVOKE ALL ON public.metric_counts, public.public_submission_metrics, public.user_points_summary
    FROM anon, authenticated;
GRANT SELECT ON public.metric_counts, public.public_submission_metrics, public.user_points_summary
    TO authenticated;
GRANT SELECT ON public.metric_counts, public.public_submission_metrics TO anon;
REVOKE EXECUTE ON FUNCTION public.refresh_leaderboards_concurrent() FROM PUBLIC, anon, authenticated;
REVOKE EXECUTE ON FUNCTION public.get_user_role(text) FROM PUBLIC, anon;
REVOKE EXECUTE ON FUNCTION public.get_evidence_signed_url(text, integer) FROM PUBLIC, anon;

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
COMMENT ON FUNCTION public.get_user_role(text) IS 'Compatibility: goes with sql/supabase/upgrade/later/001_retire_compatibility';
COMMENT ON FUNCTION public.get_evidence_signed_url(text, integer) IS 'Compatibility: goes with sql/supabase/upgrade/later/001_retire_compatibility';

COMMIT;
