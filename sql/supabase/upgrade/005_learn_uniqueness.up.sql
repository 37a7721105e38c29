-- At most one active (pending or approved) LEARN submission a user.
--
-- Users who have several: one stays, an approved one before a pending one, then the earliest, then the
-- lowest id. The others become REJECTED; nothing else of them changes (updated_at neither), points stay
-- as they are, and no row is deleted. What each one's status was stands in audit_log, from where the down
-- step restores it:
--     SELECT target_id, meta FROM audit_log WHERE actor_id = 'upgrade' AND action = 'learn.deactivate'

BEGIN;
SET LOCAL lock_timeout = '5s';
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public;

LOCK TABLE public.submissions IN SHARE ROW EXCLUSIVE MODE; -- nobody hands in between the two

ALTER TABLE public.submissions DISABLE TRIGGER update_submissions_updated_at;

WITH active AS (
    SELECT
        s.id, s.user_id, s.status,
        first_value(s.id) OVER one_users AS stays,
        row_number() OVER one_users AS place
    FROM public.submissions AS s
    WHERE s.activity_code = 'LEARN' AND s.status IN ('PENDING', 'APPROVED')
    WINDOW one_users AS (
        PARTITION BY s.user_id ORDER BY s.status = 'APPROVED' DESC, s.created_at, s.id COLLATE "C"
    )
), noted AS (
    INSERT INTO public.audit_log (id, actor_id, action, target_id, meta)
    SELECT
        'upgrade-learn-' || active.id, 'upgrade', 'learn.deactivate', active.id,
        jsonb_build_object('status', active.status, 'stays', active.stays)
    FROM active
    WHERE active.place > 1
    ON CONFLICT (id) DO UPDATE SET meta = EXCLUDED.meta
    RETURNING target_id
)
UPDATE public.submissions AS s SET status = 'REJECTED' FROM noted WHERE s.id = noted.target_id;

ALTER TABLE public.submissions ENABLE TRIGGER update_submissions_updated_at;

CREATE UNIQUE INDEX IF NOT EXISTS uniq_learn_active_submission ON public.submissions (user_id)
WHERE activity_code = 'LEARN' AND status IN ('PENDING', 'APPROVED');

SELECT public.refresh_leaderboards(); -- the views of before count active submissions

COMMIT;
