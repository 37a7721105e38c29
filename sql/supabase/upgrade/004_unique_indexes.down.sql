-- Turn the unique indexes into constraints again; the same indexes serve them.

BEGIN;
SET LOCAL lock_timeout = '5s';
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public;

DROP INDEX IF EXISTS public.uniq_points_external_event;

DO $$
DECLARE
    rule record;
BEGIN
    FOR rule IN
        SELECT * FROM (VALUES
            ('users', 'users_handle_key', 'handle'),
            ('users', 'users_email_key', 'email'),
            ('points_ledger', 'points_ledger_external_event_id_key', 'external_event_id'),
            ('earned_badges', 'earned_badges_user_id_badge_code_key', 'user_id, badge_code')
        ) AS given (relation, name, columns)
    LOOP
        IF NOT EXISTS (
            SELECT FROM pg_catalog.pg_constraint
            WHERE conrelid = format('public.%I', rule.relation)::regclass AND conname = rule.name
        ) THEN
            EXECUTE format(
                'ALTER TABLE public.%I ADD CONSTRAINT %I UNIQUE USING INDEX %I',
                rule.relation, rule.name, rule.name
            );
        END IF;
    END LOOP;
END
$$;

COMMIT;
