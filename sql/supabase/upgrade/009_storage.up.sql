-- Policies of the evidence files, each said once, and where to have a URL signed.
--
-- The bucket has to be as it was deployed: private, 10 MB, four types. If somebody has changed it by hand
-- the step fails and changes nothing; decide which is right, and set it, before it runs again.
--
-- public.get_evidence_signed_url(text, integer) stays for those who call it, until
-- later/001_retire_compatibility; with the caller's own rights, so that it no longer tells everybody which
-- files there are.

BEGIN;
SET LOCAL lock_timeout = '5s';
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public;

INSERT INTO storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
VALUES (
    'evidence',
    'evidence',
    false,
    10485760, -- 10 MB
    ARRAY['application/pdf', 'image/jpeg', 'image/png', 'image/webp']
)
ON CONFLICT (id) DO NOTHING;

DO $$
DECLARE
    bucket storage.buckets;
BEGIN
    SELECT * INTO bucket FROM storage.buckets WHERE id = 'evidence';
    IF (bucket.public, bucket.file_size_limit, bucket.allowed_mime_types) IS DISTINCT FROM (
        false, 10485760::bigint,
        ARRAY['application/pdf', 'image/jpeg', 'image/png', 'image/webp']
    ) THEN
        RAISE EXCEPTION 'Bucket evidence is not as it was deployed: public %, % bytes, %',
            bucket.public, bucket.file_size_limit, bucket.allowed_mime_types;
    END IF;
END
$$;

DROP POLICY IF EXISTS "Users can upload own evidence" ON storage.objects;
DROP POLICY IF EXISTS "Users can view own evidence" ON storage.objects;
DROP POLICY IF EXISTS "Users can delete own evidence" ON storage.objects;
DROP POLICY IF EXISTS "Reviewers can view all evidence" ON storage.objects;
DROP POLICY IF EXISTS "Users see their evidence, reviewers all" ON storage.objects;
DROP POLICY IF EXISTS "Users upload evidence" ON storage.objects;
DROP POLICY IF EXISTS "Users replace their evidence" ON storage.objects;
DROP POLICY IF EXISTS "Users delete their evidence" ON storage.objects;

CREATE POLICY "Users see their evidence, reviewers all" ON storage.objects
    FOR SELECT TO authenticated
    USING (
        bucket_id = 'evidence'
        AND (
            (storage.foldername(name))[1] = (SELECT private.user_id())
            OR (SELECT private.is_reviewer())
        )
    );

CREATE POLICY "Users upload evidence" ON storage.objects
    FOR INSERT TO authenticated
    WITH CHECK (
        bucket_id = 'evidence' AND (storage.foldername(name))[1] = (SELECT private.user_id())
    );

CREATE POLICY "Users replace their evidence" ON storage.objects
    FOR UPDATE TO authenticated
    USING (bucket_id = 'evidence' AND (storage.foldername(name))[1] = (SELECT private.user_id()))
    WITH CHECK (
        bucket_id = 'evidence' AND (storage.foldername(name))[1] = (SELECT private.user_id())
    );

CREATE POLICY "Users delete their evidence" ON storage.objects
    FOR DELETE TO authenticated
    USING (bucket_id = 'evidence' AND (storage.foldername(name))[1] = (SELECT private.user_id()));

CREATE OR REPLACE FUNCTION public.evidence_signing_path(object_name text) RETURNS text
LANGUAGE sql STABLE
SET search_path = ''
AS $$
    SELECT '/storage/v1/object/sign/' || o.bucket_id || '/' || o.name
    FROM storage.objects AS o
    WHERE o.bucket_id = 'evidence' AND o.name = object_name
$$;
REVOKE EXECUTE ON FUNCTION public.evidence_signing_path(text) FROM PUBLIC, anon;

CREATE OR REPLACE FUNCTION public.get_evidence_signed_url(
    file_path text, expires_in integer DEFAULT 3600
) RETURNS text
LANGUAGE plpgsql
SET search_path = ''
AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM storage.objects WHERE bucket_id = 'evidence' AND name = file_path
    ) THEN
        RAISE EXCEPTION 'File not found: %', file_path;
    END IF;
    RETURN '/storage/v1/object/sign/evidence/' || file_path || '?expiresIn=' || expires_in;
END;
$$;
REVOKE EXECUTE ON FUNCTION public.get_evidence_signed_url(text, integer) FROM PUBLIC, anon;
COMMENT ON FUNCTION public.get_evidence_signed_url(text, integer) IS 'Compatibility: goes with sql/supabase/upgrade/later/001_retire_compatibility';

COMMIT;
