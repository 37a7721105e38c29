-- Row level security

ALTER TABLE users ENABLE ROW LEVEL SECURITY;
ALTER TABLE activities ENABLE ROW LEVEL SECURITY;
ALTER TABLE submissions ENABLE ROW LEVEL SECURITY;
ALTER TABLE points_ledger ENABLE ROW LEVEL SECURITY;
ALTER TABLE badges ENABLE ROW LEVEL SECURITY;
ALTER TABLE earned_badges ENABLE ROW LEVEL SECURITY;
ALTER TABLE kajabi_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_log ENABLE ROW LEVEL SECURITY;

-- Role of a user; SECURITY DEFINER so that policies on users can call it
CREATE OR REPLACE FUNCTION get_user_role(user_id TEXT)
RETURNS "Role" AS $$
  SELECT role FROM users WHERE id = user_id;
$$ LANGUAGE sql SECURITY DEFINER STABLE;

-- users
CREATE POLICY "Users can view own profile" ON users
  FOR SELECT USING (auth.uid()::text = id);

CREATE POLICY "Users can update own profile" ON users
  FOR UPDATE USING (auth.uid()::text = id);

CREATE POLICY "Reviewers can view all users" ON users
  FOR SELECT USING (get_user_role(auth.uid()::text) IN ('REVIEWER', 'ADMIN', 'SUPERADMIN'));

CREATE POLICY "Admins can manage users" ON users
  FOR ALL USING (get_user_role(auth.uid()::text) IN ('ADMIN', 'SUPERADMIN'));

-- activities
CREATE POLICY "Anyone can view activities" ON activities
  FOR SELECT USING (true);

CREATE POLICY "Admins can manage activities" ON activities
  FOR ALL USING (get_user_role(auth.uid()::text) IN ('ADMIN', 'SUPERADMIN'));

-- submissions
CREATE POLICY "Users can view own submissions" ON submissions
  FOR SELECT USING (auth.uid()::text = user_id);

CREATE POLICY "Anyone can view public approved submissions" ON submissions
  FOR SELECT USING (visibility = 'PUBLIC' AND status = 'APPROVED');

CREATE POLICY "Users can create own submissions" ON submissions
  FOR INSERT WITH CHECK (auth.uid()::text = user_id);

CREATE POLICY "Reviewers can view all submissions" ON submissions
  FOR SELECT USING (get_user_role(auth.uid()::text) IN ('REVIEWER', 'ADMIN', 'SUPERADMIN'));

CREATE POLICY "Reviewers can update submissions" ON submissions
  FOR UPDATE USING (get_user_role(auth.uid()::text) IN ('REVIEWER', 'ADMIN', 'SUPERADMIN'));

-- points_ledger
CREATE POLICY "Users can view own points" ON points_ledger
  FOR SELECT USING (auth.uid()::text = user_id);

CREATE POLICY "Reviewers can view all points" ON points_ledger
  FOR SELECT USING (get_user_role(auth.uid()::text) IN ('REVIEWER', 'ADMIN', 'SUPERADMIN'));

CREATE POLICY "Admins can manage points" ON points_ledger
  FOR ALL USING (get_user_role(auth.uid()::text) IN ('ADMIN', 'SUPERADMIN'));

-- badges
CREATE POLICY "Anyone can view badges" ON badges
  FOR SELECT USING (true);

CREATE POLICY "Admins can manage badges" ON badges
  FOR ALL USING (get_user_role(auth.uid()::text) IN ('ADMIN', 'SUPERADMIN'));

-- earned_badges
CREATE POLICY "Users can view own badges" ON earned_badges
  FOR SELECT USING (auth.uid()::text = user_id);

CREATE POLICY "Reviewers can view all earned badges" ON earned_badges
  FOR SELECT USING (get_user_role(auth.uid()::text) IN ('REVIEWER', 'ADMIN', 'SUPERADMIN'));

-- kajabi_events and audit_log
CREATE POLICY "Admins can view kajabi events" ON kajabi_events
  FOR SELECT USING (get_user_role(auth.uid()::text) IN ('ADMIN', 'SUPERADMIN'));

CREATE POLICY "Admins can view audit log" ON audit_log
  FOR SELECT USING (get_user_role(auth.uid()::text) IN ('ADMIN', 'SUPERADMIN'));
