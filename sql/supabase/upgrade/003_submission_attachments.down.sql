-- Take the table back. Attachments that were stored since the upgrade go to audit_log, from where the up
-- step brings them back: nothing is lost.

BEGIN;
SET LOCAL lock_timeout = '5s';
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public;

DO $$
BEGIN
    IF to_regclass('public.submission_attachments') IS NOT NULL THEN
        LOCK TABLE public.submission_attachments IN ACCESS EXCLUSIVE MODE;
        INSERT INTO public.audit_log (id, actor_id, action, target_id, meta)
        SELECT
            gen_random_uuid()::text, 'upgrade', 'rollback.submission_attachment',
            t.submission_id, to_jsonb(t)
        FROM public.submission_attachments AS t;
    END IF;
END
$$;

DROP TABLE IF EXISTS public.submission_attachments;

COMMIT;
