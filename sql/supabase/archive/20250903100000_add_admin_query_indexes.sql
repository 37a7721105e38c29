-- Indexes for the admin console: review queue, filters, user search

CREATE INDEX IF NOT EXISTS idx_submission_status_created_at ON submission (status, created_at DESC);
CREATE INDEX IF NOT EXISTS idx_submission_activity_code_status ON submission (activity_code, status);
CREATE INDEX IF NOT EXISTS idx_submission_reviewer_id ON submission (reviewer_id);
CREATE INDEX IF NOT EXISTS idx_submission_updated_at ON submission (updated_at DESC);

CREATE INDEX IF NOT EXISTS idx_user_role_cohort ON "user" (role, cohort);
CREATE INDEX IF NOT EXISTS idx_user_email ON "user" (email);
CREATE INDEX IF NOT EXISTS idx_user_created_at ON "user" (created_at DESC);
