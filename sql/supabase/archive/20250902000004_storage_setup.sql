-- Bucket for evidence files: private, 10 MB a file
INSERT INTO storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
VALUES (
  'evidence',
  'evidence',
  false,
  10485760,
  ARRAY['application/pdf', 'image/jpeg', 'image/png', 'image/webp']
)
ON CONFLICT (id) DO NOTHING;

-- Files lie in <user id>/<file>
CREATE POLICY "Users can upload own evidence" ON storage.objects
  FOR INSERT WITH CHECK (
    bucket_id = 'evidence' AND auth.uid()::text = (storage.foldername(name))[1]
  );

CREATE POLICY "Users can view own evidence" ON storage.objects
  FOR SELECT USING (
    bucket_id = 'evidence' AND auth.uid()::text = (storage.foldername(name))[1]
  );

CREATE POLICY "Users can delete own evidence" ON storage.objects
  FOR DELETE USING (
    bucket_id = 'evidence' AND auth.uid()::text = (storage.foldername(name))[1]
  );

CREATE POLICY "Reviewers can view all evidence" ON storage.objects
  FOR SELECT USING (
    bucket_id = 'evidence'
    AND get_user_role(auth.uid()::text) IN ('REVIEWER', 'ADMIN', 'SUPERADMIN')
  );

-- Where to ask for a signed URL
CREATE OR REPLACE FUNCTION get_evidence_signed_url(file_path TEXT, expires_in INTEGER DEFAULT 3600)
RETURNS TEXT AS $$
BEGIN
  IF NOT EXISTS (
    SELECT 1 FROM storage.objects WHERE bucket_id = 'evidence' AND name = file_path
  ) THEN
    RAISE EXCEPTION 'File not found: %', file_path;
  END IF;
  RETURN '/storage/v1/object/sign/evidence/' || file_path || '?expiresIn=' || expires_in;
END;
$$ LANGUAGE plpgsql SECURITY DEFINER;
