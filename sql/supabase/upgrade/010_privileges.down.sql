-- Everything for everyone again, as the platform grants it; submission_attachments, which was not there
-- before, stays closed, as step 003 made it.

BEGIN;
SET LOCAL lock_timeout = '5s';
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public;

DO $$
BEGIN
    IF to_regclass('public.submission_attachments') IS NOT NULL THEN
        REVOKE ALL ON public.submission_attachments FROM anon, authenticated;
    END IF;
END
$$;

REVOKE ALL ON public.users, public.activities, public.submissions,
    public.points_ledger, public.badges, public.earned_badges, public.kajabi_events, public.audit_log
    FROM anon, authenticated; -- those on columns, too
GRANT ALL ON public.users, public.activities, public.submissions,
    public.points_ledger, public.badges, public.earned_badges, public.kajabi_events, public.audit_log
    TO anon, authenticated;
ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA public
    GRANT ALL ON TABLES TO anon, authenticated;

COMMIT;
