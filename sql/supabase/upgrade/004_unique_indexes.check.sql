-- Uniqueness holds, by five indexes and no constraint.

DO $$
BEGIN
    ASSERT 5 = (
        SELECT count(*) FROM pg_catalog.pg_index AS i
        WHERE i.indisunique
            AND i.indisvalid
            AND i.indexrelid IN (
                to_regclass('public.users_handle_key'),
                to_regclass('public.users_email_key'),
                to_regclass('public.points_ledger_external_event_id_key'),
                to_regclass('public.earned_badges_user_id_badge_code_key'),
                to_regclass('public.uniq_points_external_event')
            )
            AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint AS c WHERE c.conindid = i.indexrelid)
    ), 'a unique index is missing, or a constraint is left';
END
$$;
