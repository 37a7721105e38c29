-- The table is there, and closed to visitors.

DO $$
BEGIN
    ASSERT (
        SELECT relrowsecurity FROM pg_catalog.pg_class
        WHERE oid = to_regclass('public.submission_attachments')
    ), 'submission_attachments is missing or open';
    ASSERT NOT has_table_privilege('anon', 'public.submission_attachments', 'SELECT'),
        'anon may read submission_attachments';
END
$$;
