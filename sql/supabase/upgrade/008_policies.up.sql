-- Row level security said once. The two sets of policies, of 20250902000003 and of 00002 and 00003, make
-- way for that of migrations/20250904000006_row_level_security.sql, and their helpers for schema private.
-- All in one transaction: nobody meets a table without its policies.
--
-- public.get_user_role(text) stays for those who call it, until later/001_retire_compatibility; with the
-- caller's own rights, so that it no longer tells anybody's role to everybody.

BEGIN;
SET LOCAL lock_timeout = '5s';
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public;

CREATE SCHEMA IF NOT EXISTS private;
COMMENT ON SCHEMA private IS 'Helpers of the policies; not exposed by the API';
GRANT USAGE ON SCHEMA private TO authenticated, service_role;

CREATE OR REPLACE FUNCTION private.user_id() RETURNS text
LANGUAGE sql STABLE
SET search_path = ''
AS $$
    SELECT auth.uid()::text
$$;

CREATE OR REPLACE FUNCTION private.user_role() RETURNS public."Role"
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = ''
AS $$
    SELECT u.role FROM public.users AS u WHERE u.id = auth.uid()::text
$$;

CREATE OR REPLACE FUNCTION private.is_reviewer() RETURNS boolean
LANGUAGE sql STABLE
SET search_path = ''
AS $$
    SELECT COALESCE(private.user_role() IN ('REVIEWER', 'ADMIN', 'SUPERADMIN'), false)
$$;

CREATE OR REPLACE FUNCTION private.is_admin() RETURNS boolean
LANGUAGE sql STABLE
SET search_path = ''
AS $$
    SELECT COALESCE(private.user_role() IN ('ADMIN', 'SUPERADMIN'), false)
$$;

REVOKE EXECUTE ON FUNCTION
    private.user_id(), private.user_role(), private.is_reviewer(), private.is_admin()
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    private.user_id(), private.user_role(), private.is_reviewer(), private.is_admin()
    TO authenticated, service_role;

-- The two sets of before

DROP POLICY IF EXISTS "Users can view own profile" ON public.users;
DROP POLICY IF EXISTS "Users can update own profile" ON public.users;
DROP POLICY IF EXISTS "Reviewers can view all users" ON public.users;
DROP POLICY IF EXISTS "Admins can manage users" ON public.users;
DROP POLICY IF EXISTS "Anyone can view activities" ON public.activities;
DROP POLICY IF EXISTS "Admins can manage activities" ON public.activities;
DROP POLICY IF EXISTS "Users can view own submissions" ON public.submissions;
DROP POLICY IF EXISTS "Anyone can view public approved submissions" ON public.submissions;
DROP POLICY IF EXISTS "Users can create own submissions" ON public.submissions;
DROP POLICY IF EXISTS "Reviewers can view all submissions" ON public.submissions;
DROP POLICY IF EXISTS "Reviewers can update submissions" ON public.submissions;
DROP POLICY IF EXISTS "Users can view own points" ON public.points_ledger;
DROP POLICY IF EXISTS "Reviewers can view all points" ON public.points_ledger;
DROP POLICY IF EXISTS "Admins can manage points" ON public.points_ledger;
DROP POLICY IF EXISTS "Anyone can view badges" ON public.badges;
DROP POLICY IF EXISTS "Admins can manage badges" ON public.badges;
DROP POLICY IF EXISTS "Users can view own badges" ON public.earned_badges;
DROP POLICY IF EXISTS "Reviewers can view all earned badges" ON public.earned_badges;
DROP POLICY IF EXISTS "Admins can view kajabi events" ON public.kajabi_events;
DROP POLICY IF EXISTS "Admins can view audit log" ON public.audit_log;
DROP POLICY IF EXISTS users_select_own ON public.users;
DROP POLICY IF EXISTS users_select_staff ON public.users;
DROP POLICY IF EXISTS users_insert_own ON public.users;
DROP POLICY IF EXISTS users_update_own ON public.users;
DROP POLICY IF EXISTS users_all_admin ON public.users;
DROP POLICY IF EXISTS submissions_select_own ON public.submissions;
DROP POLICY IF EXISTS submissions_select_public ON public.submissions;
DROP POLICY IF EXISTS submissions_insert_own ON public.submissions;
DROP POLICY IF EXISTS submissions_update_own_pending ON public.submissions;
DROP POLICY IF EXISTS submissions_delete_own_pending ON public.submissions;
DROP POLICY IF EXISTS submissions_all_reviewer ON public.submissions;

DROP FUNCTION IF EXISTS
    auth.is_admin(), auth.is_reviewer(), auth.get_user_role(), auth.get_user_id();

CREATE OR REPLACE FUNCTION public.get_user_role(user_id text) RETURNS public."Role"
LANGUAGE sql STABLE
SET search_path = ''
AS $$
    SELECT u.role FROM public.users AS u WHERE u.id = get_user_role.user_id
$$;
REVOKE EXECUTE ON FUNCTION public.get_user_role(text) FROM PUBLIC, anon;
COMMENT ON FUNCTION public.get_user_role(text) IS 'Compatibility: goes with sql/supabase/upgrade/later/001_retire_compatibility';

-- The one set; dropped first, so that the step can run again

DROP POLICY IF EXISTS "Users see themselves, reviewers everyone" ON public.users;
DROP POLICY IF EXISTS "Users sign up as themselves" ON public.users;
DROP POLICY IF EXISTS "Users edit themselves" ON public.users;
DROP POLICY IF EXISTS "Everyone sees activities" ON public.activities;
DROP POLICY IF EXISTS "Admins add activities" ON public.activities;
DROP POLICY IF EXISTS "Admins change activities" ON public.activities;
DROP POLICY IF EXISTS "Admins remove activities" ON public.activities;
DROP POLICY IF EXISTS "Everyone sees badges" ON public.badges;
DROP POLICY IF EXISTS "Admins add badges" ON public.badges;
DROP POLICY IF EXISTS "Admins change badges" ON public.badges;
DROP POLICY IF EXISTS "Admins remove badges" ON public.badges;
DROP POLICY IF EXISTS "Users see their badges, reviewers all" ON public.earned_badges;
DROP POLICY IF EXISTS "Visitors see public work" ON public.submissions;
DROP POLICY IF EXISTS "Users see their work and public work, reviewers all" ON public.submissions;
DROP POLICY IF EXISTS "Users hand in their work" ON public.submissions;
DROP POLICY IF EXISTS "Reviewers review in their own name" ON public.submissions;
DROP POLICY IF EXISTS "Users withdraw what is pending" ON public.submissions;
DROP POLICY IF EXISTS "Users see their attachments, reviewers all" ON public.submission_attachments;
DROP POLICY IF EXISTS "Users attach to what is pending" ON public.submission_attachments;
DROP POLICY IF EXISTS "Users detach from what is pending" ON public.submission_attachments;
DROP POLICY IF EXISTS "Users see their points, reviewers all" ON public.points_ledger;
DROP POLICY IF EXISTS "Admins award points by hand" ON public.points_ledger;
DROP POLICY IF EXISTS "Admins see webhooks" ON public.kajabi_events;
DROP POLICY IF EXISTS "Admins see the audit log" ON public.audit_log;

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

CREATE POLICY "Users see their points, reviewers all" ON public.points_ledger
    FOR SELECT TO authenticated
    USING (user_id = (SELECT private.user_id()) OR (SELECT private.is_reviewer()));

CREATE POLICY "Admins award points by hand" ON public.points_ledger
    FOR INSERT TO authenticated
    WITH CHECK ((SELECT private.is_admin()) AND source = 'MANUAL');

CREATE POLICY "Admins see webhooks" ON public.kajabi_events
    FOR SELECT TO authenticated
    USING ((SELECT private.is_admin()));

CREATE POLICY "Admins see the audit log" ON public.audit_log
    FOR SELECT TO authenticated
    USING ((SELECT private.is_admin()));

COMMIT;
