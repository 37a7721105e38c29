-- Which commands the roles of the API may give: what they need, instead of everything. From now on a new
-- table starts closed to them.
--
-- Tables are named, so that those of others in the schema keep what they have.

BEGIN;
SET LOCAL lock_timeout = '5s';
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public;

REVOKE ALL ON public.users, public.activities, public.submissions, public.submission_attachments,
    public.points_ledger, public.badges, public.earned_badges, public.kajabi_events, public.audit_log
    FROM anon, authenticated;
ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA public
    REVOKE ALL ON TABLES FROM anon, authenticated;

GRANT SELECT ON public.activities, public.badges TO anon;
GRANT SELECT (id, user_id, activity_code, status, visibility, payload, created_at)
    ON public.submissions TO anon;
GRANT SELECT ON public.users, public.activities, public.submissions, public.submission_attachments,
    public.points_ledger, public.badges, public.earned_badges, public.kajabi_events, public.audit_log
    TO authenticated;

-- Columns that are not here are out of reach: role and email of a user, payload of a submission
-- (the AMPLIFY quota is checked when it is inserted), every time but updated_at.
GRANT INSERT (id, handle, name, email, avatar_url, school, cohort) ON public.users TO authenticated;
GRANT UPDATE (handle, name, avatar_url, school, cohort) ON public.users TO authenticated;
GRANT INSERT (id, user_id, activity_code, visibility, payload, attachments, updated_at)
    ON public.submissions TO authenticated;
GRANT UPDATE (status, visibility, reviewer_id, review_note, updated_at)
    ON public.submissions TO authenticated;
GRANT DELETE ON public.submissions TO authenticated;
GRANT INSERT (id, submission_id, path, hash), DELETE
    ON public.submission_attachments TO authenticated;
GRANT INSERT (id, user_id, activity_code, source, delta_points) ON public.points_ledger TO authenticated;
GRANT INSERT, UPDATE, DELETE ON public.activities, public.badges TO authenticated;

COMMIT;
