-- Take the rule back, and give the submissions that it rejected their status again, where nobody has
-- changed it since. What could not be restored keeps its note in audit_log.

BEGIN;
SET LOCAL lock_timeout = '5s';
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public;

DROP INDEX IF EXISTS public.uniq_learn_active_submission;

LOCK TABLE public.submissions IN SHARE ROW EXCLUSIVE MODE;

ALTER TABLE public.submissions DISABLE TRIGGER update_submissions_updated_at;

WITH restored AS (
    UPDATE public.submissions AS s
    SET status = (a.meta ->> 'status')::public."SubmissionStatus"
    FROM public.audit_log AS a
    WHERE a.actor_id = 'upgrade'
        AND a.action = 'learn.deactivate'
        AND a.target_id = s.id
        AND s.status = 'REJECTED'
    RETURNING a.id
)
DELETE FROM public.audit_log AS a USING restored WHERE a.id = restored.id;

ALTER TABLE public.submissions ENABLE TRIGGER update_submissions_updated_at;

SELECT public.refresh_leaderboards();

COMMIT;
