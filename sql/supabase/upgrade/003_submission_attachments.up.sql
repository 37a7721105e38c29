-- The files of a submission. The platform grants a new table to everyone: it is closed here at once, and
-- the policies of step 008 and the privileges of step 010 open it.
--
-- Attachments that a rollback put aside (see the down step) come back; those whose submission is gone, or
-- whose place is taken, stay in audit_log.

BEGIN;
SET LOCAL lock_timeout = '5s';
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public;

CREATE TABLE IF NOT EXISTS public.submission_attachments (
    id text PRIMARY KEY,
    submission_id text NOT NULL
        REFERENCES public.submissions (id) ON DELETE CASCADE ON UPDATE CASCADE,
    path text NOT NULL,
    hash text,
    created_at timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX IF NOT EXISTS submission_attachments_submission_id_path_key
    ON public.submission_attachments (submission_id, path);
CREATE INDEX IF NOT EXISTS submission_attachments_submission_id_idx
    ON public.submission_attachments (submission_id);

DO $$
BEGIN
    IF NOT (
        SELECT relrowsecurity FROM pg_catalog.pg_class
        WHERE oid = 'public.submission_attachments'::regclass
    ) THEN
        ALTER TABLE public.submission_attachments ENABLE ROW LEVEL SECURITY;
        REVOKE ALL ON public.submission_attachments FROM anon, authenticated;
    END IF;
END
$$;

WITH aside AS (
    SELECT DISTINCT ON (kept.id) a.id AS note, kept.*
    FROM public.audit_log AS a
    CROSS JOIN LATERAL jsonb_populate_record(NULL::public.submission_attachments, a.meta) AS kept
    JOIN public.submissions AS s ON s.id = kept.submission_id
    WHERE a.actor_id = 'upgrade' AND a.action = 'rollback.submission_attachment'
    ORDER BY kept.id, a.created_at DESC, a.id
), restored AS (
    INSERT INTO public.submission_attachments (id, submission_id, path, hash, created_at)
    SELECT id, submission_id, path, hash, created_at FROM aside
    ON CONFLICT DO NOTHING
    RETURNING id
)
DELETE FROM public.audit_log AS a
USING aside
JOIN restored ON restored.id = aside.id
WHERE a.id = aside.note;

COMMIT;
