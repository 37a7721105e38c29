-- The indexes are there, and finished.

DO $$
BEGIN
    ASSERT 4 = (
        SELECT count(*) FROM pg_catalog.pg_index
        WHERE indisvalid AND indexrelid IN (
            to_regclass('public.idx_submissions_status_created_at'),
            to_regclass('public.idx_submissions_reviewer_id'),
            to_regclass('public.idx_submissions_updated_at'),
            to_regclass('public.idx_users_role_cohort')
        )
    ), 'an index is missing or invalid';
END
$$;
