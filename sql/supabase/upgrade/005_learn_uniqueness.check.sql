-- Nobody has two active LEARN submissions, and what was rejected is noted.

DO $$
BEGIN
    ASSERT (
        SELECT indisunique AND indisvalid FROM pg_catalog.pg_index
        WHERE indexrelid = to_regclass('public.uniq_learn_active_submission')
    ), 'the index is missing';
    ASSERT NOT EXISTS (
        SELECT FROM public.submissions
        WHERE activity_code = 'LEARN' AND status IN ('PENDING', 'APPROVED')
        GROUP BY user_id
        HAVING count(*) > 1
    ), 'a user has two active LEARN submissions';
    ASSERT NOT EXISTS (
        SELECT FROM public.audit_log AS a
        LEFT JOIN public.submissions AS s ON s.id = a.target_id
        WHERE a.actor_id = 'upgrade'
            AND a.action = 'learn.deactivate'
            AND (s.id IS NULL OR a.meta ->> 'status' NOT IN ('PENDING', 'APPROVED'))
    ), 'a note in audit_log is of nothing';
END
$$;
