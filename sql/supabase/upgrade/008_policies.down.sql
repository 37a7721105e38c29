-- The two sets of policies of before, and their helpers.

BEGIN;
SET LOCAL lock_timeout = '5s';
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public;

CREATE OR REPLACE FUNCTION public.get_user_role(user_id TEXT)
RETURNS "Role" AS $$
  SELECT role FROM users WHERE id = user_id;
$$ LANGUAGE sql SECURITY DEFINER STABLE;
GRANT EXECUTE ON FUNCTION public.get_user_role(text) TO PUBLIC, anon;
COMMENT ON FUNCTION public.get_user_role(text) IS NULL;

CREATE OR REPLACE FUNCTION auth.get_user_id()
RETURNS TEXT AS $$
  SELECT auth.uid()::text;
$$ LANGUAGE sql STABLE;

CREATE OR REPLACE FUNCTION auth.get_user_role()
RETURNS TEXT AS $$
  SELECT role::text FROM public.users WHERE id = auth.get_user_id();
$$ LANGUAGE sql SECURITY DEFINER STABLE;

CREATE OR REPLACE FUNCTION auth.is_admin()
RETURNS BOOLEAN AS $$
  SELECT auth.get_user_role() IN ('ADMIN', 'SUPERADMIN');
$$ LANGUAGE sql SECURITY DEFINER STABLE;

CREATE OR REPLACE FUNCTION auth.is_reviewer()
RETURNS BOOLEAN AS $$
  SELECT auth.get_user_role() IN ('REVIEWER', 'ADMIN', 'SUPERADMIN');
$$ LANGUAGE sql SECURITY DEFINER STABLE;

-- The set of the upgrade

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

DROP FUNCTION IF EXISTS
    private.is_admin(), private.is_reviewer(), private.user_role(), private.user_id();

DO $$
BEGIN
    DROP SCHEMA IF EXISTS private;
EXCEPTION WHEN dependent_objects_still_exist THEN
    RAISE WARNING 'Schema private stays: it holds what this upgrade did not make';
END
$$;

-- The sets of before; dropped first, so that the step can run again

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

CREATE POLICY "Users can view own profile" ON public.users
  FOR SELECT USING (auth.uid()::text = id);

CREATE POLICY "Users can update own profile" ON public.users
  FOR UPDATE USING (auth.uid()::text = id);

CREATE POLICY "Reviewers can view all users" ON public.users
  FOR SELECT USING (get_user_role(auth.uid()::text) IN ('REVIEWER', 'ADMIN', 'SUPERADMIN'));

CREATE POLICY "Admins can manage users" ON public.users
  FOR ALL USING (get_user_role(auth.uid()::text) IN ('ADMIN', 'SUPERADMIN'));

CREATE POLICY "Anyone can view activities" ON public.activities
  FOR SELECT USING (true);

CREATE POLICY "Admins can manage activities" ON public.activities
  FOR ALL USING (get_user_role(auth.uid()::text) IN ('ADMIN', 'SUPERADMIN'));

CREATE POLICY "Users can view own submissions" ON public.submissions
  FOR SELECT USING (auth.uid()::text = user_id);

CREATE POLICY "Anyone can view public approved submissions" ON public.submissions
  FOR SELECT USING (visibility = 'PUBLIC' AND status = 'APPROVED');

CREATE POLICY "Users can create own submissions" ON public.submissions
  FOR INSERT WITH CHECK (auth.uid()::text = user_id);

CREATE POLICY "Reviewers can view all submissions" ON public.submissions
  FOR SELECT USING (get_user_role(auth.uid()::text) IN ('REVIEWER', 'ADMIN', 'SUPERADMIN'));

CREATE POLICY "Reviewers can update submissions" ON public.submissions
  FOR UPDATE USING (get_user_role(auth.uid()::text) IN ('REVIEWER', 'ADMIN', 'SUPERADMIN'));

CREATE POLICY "Users can view own points" ON public.points_ledger
  FOR SELECT USING (auth.uid()::text = user_id);

CREATE POLICY "Reviewers can view all points" ON public.points_ledger
  FOR SELECT USING (get_user_role(auth.uid()::text) IN ('REVIEWER', 'ADMIN', 'SUPERADMIN'));

CREATE POLICY "Admins can manage points" ON public.points_ledger
  FOR ALL USING (get_user_role(auth.uid()::text) IN ('ADMIN', 'SUPERADMIN'));

CREATE POLICY "Anyone can view badges" ON public.badges
  FOR SELECT USING (true);

CREATE POLICY "Admins can manage badges" ON public.badges
  FOR ALL USING (get_user_role(auth.uid()::text) IN ('ADMIN', 'SUPERADMIN'));

CREATE POLICY "Users can view own badges" ON public.earned_badges
  FOR SELECT USING (auth.uid()::text = user_id);

CREATE POLICY "Reviewers can view all earned badges" ON public.earned_badges
  FOR SELECT USING (get_user_role(auth.uid()::text) IN ('REVIEWER', 'ADMIN', 'SUPERADMIN'));

CREATE POLICY "Admins can view kajabi events" ON public.kajabi_events
  FOR SELECT USING (get_user_role(auth.uid()::text) IN ('ADMIN', 'SUPERADMIN'));

CREATE POLICY "Admins can view audit log" ON public.audit_log
  FOR SELECT USING (get_user_role(auth.uid()::text) IN ('ADMIN', 'SUPERADMIN'));

CREATE POLICY users_select_own ON public.users
  FOR SELECT TO authenticated
  USING (id = auth.get_user_id());

CREATE POLICY users_select_staff ON public.users
  FOR SELECT TO authenticated
  USING (auth.is_reviewer());

CREATE POLICY users_insert_own ON public.users
  FOR INSERT TO authenticated
  WITH CHECK (id = auth.get_user_id());

CREATE POLICY users_update_own ON public.users
  FOR UPDATE TO authenticated
  USING (id = auth.get_user_id())
  WITH CHECK (id = auth.get_user_id());

CREATE POLICY users_all_admin ON public.users
  FOR ALL TO authenticated
  USING (auth.is_admin());

CREATE POLICY submissions_select_own ON public.submissions
  FOR SELECT TO authenticated
  USING (user_id = auth.get_user_id());

CREATE POLICY submissions_select_public ON public.submissions
  FOR SELECT TO anon, authenticated
  USING (visibility = 'PUBLIC' AND status = 'APPROVED');

CREATE POLICY submissions_insert_own ON public.submissions
  FOR INSERT TO authenticated
  WITH CHECK (user_id = auth.get_user_id());

CREATE POLICY submissions_update_own_pending ON public.submissions
  FOR UPDATE TO authenticated
  USING (user_id = auth.get_user_id() AND status = 'PENDING')
  WITH CHECK (user_id = auth.get_user_id());

CREATE POLICY submissions_delete_own_pending ON public.submissions
  FOR DELETE TO authenticated
  USING (user_id = auth.get_user_id() AND status = 'PENDING');

CREATE POLICY submissions_all_reviewer ON public.submissions
  FOR ALL TO authenticated
  USING (auth.is_reviewer());

COMMIT;
