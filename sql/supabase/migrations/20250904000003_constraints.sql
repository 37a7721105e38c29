-- At most one active LEARN submission a user, and one ledger entry a webhook.  At parity with
-- sql/prisma/migrations/003_constraints.sql.

CREATE UNIQUE INDEX uniq_learn_active_submission ON public.submissions (user_id)
WHERE activity_code = 'LEARN' AND status IN ('PENDING', 'APPROVED');

CREATE UNIQUE INDEX uniq_points_external_event ON public.points_ledger (external_event_id)
WHERE external_event_id IS NOT NULL;
