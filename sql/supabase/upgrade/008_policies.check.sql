-- Every table has row level security, and no policy of before is left.

DO $$
BEGIN
    ASSERT NOT EXISTS (
        SELECT FROM pg_catalog.pg_class
        WHERE relnamespace = 'public'::regnamespace
            AND relname IN (
                'users', 'activities', 'submissions', 'submission_attachments', 'points_ledger',
                'badges', 'earned_badges', 'kajabi_events', 'audit_log'
            )
            AND NOT relrowsecurity
    ), 'a table is open';
    ASSERT NOT EXISTS (
        SELECT FROM pg_catalog.pg_policies
        WHERE schemaname = 'public'
            AND (coalesce(qual, '') || coalesce(with_check, '')) ~ 'get_user_(role|id)|auth\.is_'
    ), 'a policy of before is left';
    ASSERT to_regprocedure('private.is_admin()') IS NOT NULL, 'a helper is missing';
    ASSERT to_regprocedure('auth.is_admin()') IS NULL, 'a helper of before is left';
END
$$;
