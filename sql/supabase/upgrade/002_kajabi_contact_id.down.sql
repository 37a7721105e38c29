-- Take the column back. Contacts that were stored since the upgrade go to audit_log, from where the up
-- step brings them back: nothing is lost.

BEGIN;
SET LOCAL lock_timeout = '5s';
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public;

DO $$
BEGIN
    IF EXISTS (
        SELECT FROM pg_catalog.pg_attribute
        WHERE attrelid = 'public.users'::regclass AND attname = 'kajabi_contact_id'
    ) THEN
        LOCK TABLE public.users IN ACCESS EXCLUSIVE MODE;
        INSERT INTO public.audit_log (id, actor_id, action, target_id, meta)
        SELECT
            gen_random_uuid()::text, 'upgrade', 'rollback.kajabi_contact_id', u.id,
            jsonb_build_object('kajabi_contact_id', u.kajabi_contact_id)
        FROM public.users AS u
        WHERE u.kajabi_contact_id IS NOT NULL;
    END IF;
END
$$;

ALTER TABLE public.users DROP COLUMN IF EXISTS kajabi_contact_id;

COMMIT;
