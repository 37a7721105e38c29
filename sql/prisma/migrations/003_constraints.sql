-- Rules of the business that a partial unique index can hold.  Written by hand: Prisma's schema
-- language has no partial indexes.

-- A user has at most one LEARN submission that is waiting or approved; rejected ones do not count,
-- so that it can be handed in again.

-- CreateIndex
CREATE UNIQUE INDEX "uniq_learn_active_submission" ON "submissions"("user_id")
WHERE "activity_code" = 'LEARN' AND "status" IN ('PENDING', 'APPROVED');

-- A webhook that is delivered twice earns points once.  The plain unique index of 001_init.sql
-- rejects the same rows; this one is small, since most entries come from no webhook, and it holds
-- the rule by itself, should @unique ever be taken out of Prisma's schema.

-- CreateIndex
CREATE UNIQUE INDEX "uniq_points_external_event" ON "points_ledger"("external_event_id")
WHERE "external_event_id" IS NOT NULL;
