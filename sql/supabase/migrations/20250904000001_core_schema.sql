-- The tables.  At parity with sql/prisma/migrations/001_init.sql, which is right by decision:
-- unique indexes rather than unique constraints, and no defaults for ids, attachments and
-- updated_at, because Prisma's client supplies them.

CREATE TYPE public."Role" AS ENUM ('PARTICIPANT', 'REVIEWER', 'ADMIN', 'SUPERADMIN');
CREATE TYPE public."SubmissionStatus" AS ENUM ('PENDING', 'APPROVED', 'REJECTED');
CREATE TYPE public."Visibility" AS ENUM ('PUBLIC', 'PRIVATE');
CREATE TYPE public."LedgerSource" AS ENUM ('MANUAL', 'WEBHOOK', 'FORM');

CREATE TABLE public.users (
    id text PRIMARY KEY,
    handle text NOT NULL,
    name text NOT NULL,
    email text NOT NULL,
    avatar_url text,
    role public."Role" NOT NULL DEFAULT 'PARTICIPANT',
    school text,
    cohort text,
    created_at timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    kajabi_contact_id text
);

CREATE UNIQUE INDEX users_handle_key ON public.users (handle);
CREATE UNIQUE INDEX users_email_key ON public.users (email);
CREATE UNIQUE INDEX users_kajabi_contact_id_key ON public.users (kajabi_contact_id);

CREATE TABLE public.activities (
    code text PRIMARY KEY,
    name text NOT NULL,
    default_points integer NOT NULL
);

CREATE TABLE public.submissions (
    id text PRIMARY KEY,
    user_id text NOT NULL
        REFERENCES public.users (id) ON DELETE CASCADE ON UPDATE CASCADE,
    activity_code text NOT NULL
        REFERENCES public.activities (code) ON DELETE CASCADE ON UPDATE CASCADE,
    status public."SubmissionStatus" NOT NULL DEFAULT 'PENDING',
    visibility public."Visibility" NOT NULL DEFAULT 'PRIVATE',
    payload jsonb NOT NULL,
    attachments jsonb NOT NULL,
    reviewer_id text,
    review_note text,
    created_at timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamp(3) NOT NULL
);

CREATE INDEX submissions_user_id_activity_code_idx ON public.submissions (user_id, activity_code);

CREATE TABLE public.submission_attachments (
    id text PRIMARY KEY,
    submission_id text NOT NULL
        REFERENCES public.submissions (id) ON DELETE CASCADE ON UPDATE CASCADE,
    path text NOT NULL,
    hash text,
    created_at timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE UNIQUE INDEX submission_attachments_submission_id_path_key
    ON public.submission_attachments (submission_id, path);
CREATE INDEX submission_attachments_submission_id_idx
    ON public.submission_attachments (submission_id);

CREATE TABLE public.points_ledger (
    id text PRIMARY KEY,
    user_id text NOT NULL
        REFERENCES public.users (id) ON DELETE CASCADE ON UPDATE CASCADE,
    activity_code text NOT NULL
        REFERENCES public.activities (code) ON DELETE CASCADE ON UPDATE CASCADE,
    source public."LedgerSource" NOT NULL,
    delta_points integer NOT NULL,
    external_source text,
    external_event_id text,
    created_at timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE UNIQUE INDEX points_ledger_external_event_id_key
    ON public.points_ledger (external_event_id);
CREATE INDEX points_ledger_user_id_activity_code_idx
    ON public.points_ledger (user_id, activity_code);

CREATE TABLE public.badges (
    code text PRIMARY KEY,
    name text NOT NULL,
    description text NOT NULL,
    criteria jsonb NOT NULL,
    icon_url text
);

CREATE TABLE public.earned_badges (
    id text PRIMARY KEY,
    user_id text NOT NULL
        REFERENCES public.users (id) ON DELETE CASCADE ON UPDATE CASCADE,
    badge_code text NOT NULL
        REFERENCES public.badges (code) ON DELETE CASCADE ON UPDATE CASCADE,
    earned_at timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE UNIQUE INDEX earned_badges_user_id_badge_code_key
    ON public.earned_badges (user_id, badge_code);
CREATE INDEX earned_badges_badge_code_idx ON public.earned_badges (badge_code);

CREATE TABLE public.kajabi_events (
    id text PRIMARY KEY,
    received_at timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    payload jsonb NOT NULL,
    processed_at timestamp(3),
    user_match text
);

CREATE TABLE public.audit_log (
    id text PRIMARY KEY,
    actor_id text NOT NULL,
    action text NOT NULL,
    target_id text,
    meta jsonb,
    created_at timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE INDEX audit_log_actor_id_created_at_idx ON public.audit_log (actor_id, created_at);
