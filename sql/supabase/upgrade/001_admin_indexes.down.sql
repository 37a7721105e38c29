-- Drop the indexes of the admin console.

BEGIN;
SET LOCAL lock_timeout = '5s';
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public;

DROP INDEX IF EXISTS
    public.idx_submissions_status_created_at,
    public.idx_submissions_reviewer_id,
    public.idx_submissions_updated_at,
    public.idx_users_role_cohort;

COMMIT;
