-- Indexes of the admin console, on the tables that there are (20250903100000 named others and failed).
--
-- Four of its seven; the other three have their twins already: (activity_code, status) of submissions is
-- idx_submissions_activity_status, users (email) is users_email_key, and idx_users_created_at is read
-- backwards as well as forwards.
--
-- One transaction: writers to both tables wait while it lasts, seconds for a million rows. On larger
-- tables create each by hand before, outside of a transaction, with CREATE INDEX CONCURRENTLY and the
-- same name: this step then finds it there.

BEGIN;
SET LOCAL lock_timeout = '5s';
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public;

CREATE INDEX IF NOT EXISTS idx_submissions_status_created_at
    ON public.submissions (status, created_at DESC);
CREATE INDEX IF NOT EXISTS idx_submissions_reviewer_id ON public.submissions (reviewer_id);
CREATE INDEX IF NOT EXISTS idx_submissions_updated_at ON public.submissions (updated_at DESC);
CREATE INDEX IF NOT EXISTS idx_users_role_cohort ON public.users (role, cohort);

COMMIT;
