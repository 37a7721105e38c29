-- The contact of a user on the course platform. Empty for all who are there; no table is rewritten.
--
-- Contacts that a rollback put aside (see the down step) come back; where a user or another one has a
-- contact by now, they stay in audit_log.

BEGIN;
SET LOCAL lock_timeout = '5s';
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public;

ALTER TABLE public.users ADD COLUMN IF NOT EXISTS kajabi_contact_id text;
CREATE UNIQUE INDEX IF NOT EXISTS users_kajabi_contact_id_key ON public.users (kajabi_contact_id);

WITH latest AS ( -- of a contact that several users had, one after the other
    SELECT DISTINCT ON (a.meta ->> 'kajabi_contact_id')
        a.id, a.target_id AS user_id, a.meta ->> 'kajabi_contact_id' AS contact, a.created_at
    FROM public.audit_log AS a
    WHERE a.actor_id = 'upgrade' AND a.action = 'rollback.kajabi_contact_id'
    ORDER BY a.meta ->> 'kajabi_contact_id', a.created_at DESC, a.id
), aside AS (
    SELECT DISTINCT ON (user_id) * FROM latest ORDER BY user_id, created_at DESC, id
), restored AS (
    UPDATE public.users AS u
    SET kajabi_contact_id = aside.contact
    FROM aside
    WHERE u.id = aside.user_id
        AND u.kajabi_contact_id IS NULL
        AND NOT EXISTS (SELECT FROM public.users AS o WHERE o.kajabi_contact_id = aside.contact)
    RETURNING aside.id
)
DELETE FROM public.audit_log AS a USING restored WHERE a.id = restored.id;

COMMIT;
