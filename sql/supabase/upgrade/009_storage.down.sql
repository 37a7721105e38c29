-- The policies and the function of before.

BEGIN;
SET LOCAL lock_timeout = '5s';
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public;

DROP FUNCTION IF EXISTS public.evidence_signing_path(text);

CREATE OR REPLACE FUNCTION public.get_evidence_signed_url(file_path TEXT, expires_in INTEGER DEFAULT 3600)
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
GRANT EXECUTE ON FUNCTION public.get_evidence_signed_url(text, integer) TO PUBLIC, anon;
COMMENT ON FUNCTION public.get_evidence_signed_url(text, integer) IS NULL;

DROP POLICY IF EXISTS "Users can upload own evidence" ON storage.objects;
DROP POLICY IF EXISTS "Users can view own evidence" ON storage.objects;
DROP POLICY IF EXISTS "Users can delete own evidence" ON storage.objects;
DROP POLICY IF EXISTS "Reviewers can view all evidence" ON storage.objects;
DROP POLICY IF EXISTS "Users see their evidence, reviewers all" ON storage.objects;
DROP POLICY IF EXISTS "Users upload evidence" ON storage.objects;
DROP POLICY IF EXISTS "Users replace their evidence" ON storage.objects;
DROP POLICY IF EXISTS "Users delete their evidence" ON storage.objects;

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

COMMIT;
