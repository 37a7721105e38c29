-- Helper indexes for the most frequent queries

DO $$
BEGIN
  CREATE INDEX IF NOT EXISTS idx_users_cohort ON users (cohort);
  CREATE INDEX IF NOT EXISTS idx_users_school ON users (school);
  CREATE INDEX IF NOT EXISTS idx_users_created_at ON users (created_at);
  CREATE INDEX IF NOT EXISTS idx_submissions_created_at ON submissions (created_at DESC);
  CREATE INDEX IF NOT EXISTS idx_submissions_activity_status ON submissions (activity_code, status);
  CREATE INDEX IF NOT EXISTS idx_points_ledger_created_at ON points_ledger (created_at DESC);
  CREATE INDEX IF NOT EXISTS idx_points_ledger_activity_code ON points_ledger (activity_code);
  CREATE INDEX IF NOT EXISTS idx_kajabi_events_received_at ON kajabi_events (received_at DESC);
  CREATE INDEX IF NOT EXISTS idx_audit_log_created_at ON audit_log (created_at DESC);
END $$;
