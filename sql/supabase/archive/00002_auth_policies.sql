-- Helper functions for policies

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

-- users

CREATE POLICY users_select_own ON users
  FOR SELECT TO authenticated
  USING (id = auth.get_user_id());

CREATE POLICY users_select_staff ON users
  FOR SELECT TO authenticated
  USING (auth.is_reviewer());

CREATE POLICY users_insert_own ON users
  FOR INSERT TO authenticated
  WITH CHECK (id = auth.get_user_id());

CREATE POLICY users_update_own ON users
  FOR UPDATE TO authenticated
  USING (id = auth.get_user_id())
  WITH CHECK (id = auth.get_user_id());

CREATE POLICY users_all_admin ON users
  FOR ALL TO authenticated
  USING (auth.is_admin());

CREATE INDEX IF NOT EXISTS idx_users_role ON users (role);
