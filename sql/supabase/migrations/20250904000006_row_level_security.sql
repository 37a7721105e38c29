-- Who may do what through the API, each thing said once: first which commands, then on which rows.
-- This merges the policies of archive/20250902000003_rls_policies.sql and of archive/0000*.sql.
--
-- service_role passes over policies and keeps what the platform grants it: webhooks, roles of users
-- and earned badges are the server's to write, with that key.

-- Which commands.  The platform grants the API roles everything in public, TRUNCATE included, and
-- row level security neither holds for TRUNCATE nor for materialized views.  So what they need is
-- granted here, and tables that come later start with nothing.

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM anon, authenticated;
ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM anon, authenticated;

GRANT SELECT ON public.activities, public.badges TO anon;
GRANT SELECT (id, user_id, activity_code, status, visibility, payload, created_at)
    ON public.submissions TO anon;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO authenticated;

-- Columns that are not here are out of reach: role and email of a user, payload of a submission
-- (the AMPLIFY quota is checked when it is inserted), every time but updated_at.
GRANT INSERT (id, handle, name, email, avatar_url, school, cohort) ON public.users TO authenticated;
GRANT UPDATE (handle, name, avatar_url, school, cohort) ON public.users TO authenticated;
GRANT INSERT (id, user_id, activity_code, visibility, payload, attachments, updated_at)
    ON public.submissions TO authenticated;
GRANT UPDATE (status, visibility, reviewer_id, review_note, updated_at)
    ON public.submissions TO authenticated;
GRANT DELETE ON public.submissions TO authenticated;
GRANT INSERT (id, submission_id, path, hash), DELETE
    ON public.submission_attachments TO authenticated;
GRANT INSERT (id, user_id, activity_code, source, delta_points) ON public.points_ledger TO authenticated;
GRANT INSERT, UPDATE, DELETE ON public.activities, public.badges TO authenticated;

-- The leaderboards show names and schools: for those who have signed in, not for the world.
-- Refreshing them is the server's.
REVOKE EXECUTE ON FUNCTION public.refresh_leaderboards() FROM anon, authenticated;

-- On which rows.  (SELECT ...) around a helper has it called once a statement, not once a row.

ALTER TABLE public.users ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.activities ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.submissions ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.submission_attachments ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.points_ledger ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.badges ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.earned_badges ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.kajabi_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.audit_log ENABLE ROW LEVEL SECURITY;

-- users

CREATE POLICY "Users see themselves, reviewers everyone" ON public.users
    FOR SELECT TO authenticated
    USING (id = (SELECT private.user_id()) OR (SELECT private.is_reviewer()));

CREATE POLICY "Users sign up as themselves" ON public.users
    FOR INSERT TO authenticated
    WITH CHECK (
        id = (SELECT private.user_id())
        AND email = (SELECT auth.email())
        AND role = 'PARTICIPANT'
    );

CREATE POLICY "Users edit themselves" ON public.users
    FOR UPDATE TO authenticated
    USING (id = (SELECT private.user_id()))
    WITH CHECK (id = (SELECT private.user_id()));

-- activities and badges

CREATE POLICY "Everyone sees activities" ON public.activities
    FOR SELECT TO anon, authenticated
    USING (true);

CREATE POLICY "Admins add activities" ON public.activities
    FOR INSERT TO authenticated
    WITH CHECK ((SELECT private.is_admin()));

CREATE POLICY "Admins change activities" ON public.activities
    FOR UPDATE TO authenticated
    USING ((SELECT private.is_admin()))
    WITH CHECK ((SELECT private.is_admin()));

CREATE POLICY "Admins remove activities" ON public.activities
    FOR DELETE TO authenticated
    USING ((SELECT private.is_admin()));

CREATE POLICY "Everyone sees badges" ON public.badges
    FOR SELECT TO anon, authenticated
    USING (true);

CREATE POLICY "Admins add badges" ON public.badges
    FOR INSERT TO authenticated
    WITH CHECK ((SELECT private.is_admin()));

CREATE POLICY "Admins change badges" ON public.badges
    FOR UPDATE TO authenticated
    USING ((SELECT private.is_admin()))
    WITH CHECK ((SELECT private.is_admin()));

CREATE POLICY "Admins remove badges" ON public.badges
    FOR DELETE TO authenticated
    USING ((SELECT private.is_admin()));

CREATE POLICY "Users see their badges, reviewers all" ON public.earned_badges
    FOR SELECT TO authenticated
    USING (user_id = (SELECT private.user_id()) OR (SELECT private.is_reviewer()));

-- submissions

CREATE POLICY "Visitors see public work" ON public.submissions
    FOR SELECT TO anon
    USING (status = 'APPROVED' AND visibility = 'PUBLIC');

CREATE POLICY "Users see their work and public work, reviewers all" ON public.submissions
    FOR SELECT TO authenticated
    USING (
        user_id = (SELECT private.user_id())
        OR (status = 'APPROVED' AND visibility = 'PUBLIC')
        OR (SELECT private.is_reviewer())
    );

CREATE POLICY "Users hand in their work" ON public.submissions
    FOR INSERT TO authenticated
    WITH CHECK (user_id = (SELECT private.user_id()) AND status = 'PENDING');

CREATE POLICY "Reviewers review in their own name" ON public.submissions
    FOR UPDATE TO authenticated
    USING ((SELECT private.is_reviewer()))
    WITH CHECK ((SELECT private.is_reviewer()) AND reviewer_id = (SELECT private.user_id()));

CREATE POLICY "Users withdraw what is pending" ON public.submissions
    FOR DELETE TO authenticated
    USING (user_id = (SELECT private.user_id()) AND status = 'PENDING');

-- Evidence is not shown with public work: it may name students.

CREATE POLICY "Users see their attachments, reviewers all" ON public.submission_attachments
    FOR SELECT TO authenticated
    USING (
        (SELECT private.is_reviewer())
        OR submission_id IN (
            SELECT s.id FROM public.submissions AS s WHERE s.user_id = (SELECT private.user_id())
        )
    );

CREATE POLICY "Users attach to what is pending" ON public.submission_attachments
    FOR INSERT TO authenticated
    WITH CHECK (
        submission_id IN (
            SELECT s.id
            FROM public.submissions AS s
            WHERE s.user_id = (SELECT private.user_id()) AND s.status = 'PENDING'
        )
    );

CREATE POLICY "Users detach from what is pending" ON public.submission_attachments
    FOR DELETE TO authenticated
    USING (
        submission_id IN (
            SELECT s.id
            FROM public.submissions AS s
            WHERE s.user_id = (SELECT private.user_id()) AND s.status = 'PENDING'
        )
    );

-- points

CREATE POLICY "Users see their points, reviewers all" ON public.points_ledger
    FOR SELECT TO authenticated
    USING (user_id = (SELECT private.user_id()) OR (SELECT private.is_reviewer()));

CREATE POLICY "Admins award points by hand" ON public.points_ledger
    FOR INSERT TO authenticated
    WITH CHECK ((SELECT private.is_admin()) AND source = 'MANUAL');

-- what the server writes

CREATE POLICY "Admins see webhooks" ON public.kajabi_events
    FOR SELECT TO authenticated
    USING ((SELECT private.is_admin()));

CREATE POLICY "Admins see the audit log" ON public.audit_log
    FOR SELECT TO authenticated
    USING ((SELECT private.is_admin()));
