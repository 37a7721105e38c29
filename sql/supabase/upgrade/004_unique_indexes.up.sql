-- Uniqueness as Prisma has it: unique indexes rather than constraints, under the same names. Both reject
-- the same rows, and there is no moment without: each index is built first and takes the name once the
-- constraint is gone. And one ledger entry a webhook, as an index of its own.
--
-- INSERT ... ON CONFLICT (email) works as before; ON CONFLICT ON CONSTRAINT users_email_key does not, for
-- want of a constraint. The API and Prisma's client only use the first.

BEGIN;
SET LOCAL lock_timeout = '5s';
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public;

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
        IF EXISTS (
            SELECT FROM pg_catalog.pg_constraint
            WHERE conrelid = format('public.%I', rule.relation)::regclass AND conname = rule.name
        ) THEN
            EXECUTE format(
                'CREATE UNIQUE INDEX upgrade_%s ON public.%I (%s)', rule.name, rule.relation, rule.columns
            );
            EXECUTE format('ALTER TABLE public.%I DROP CONSTRAINT %I', rule.relation, rule.name);
            EXECUTE format('ALTER INDEX public.upgrade_%s RENAME TO %I', rule.name, rule.name);
        END IF;
    END LOOP;
END
$$;

CREATE UNIQUE INDEX IF NOT EXISTS uniq_points_external_event ON public.points_ledger (external_event_id)
WHERE external_event_id IS NOT NULL;

COMMIT;
