-- Evidence for submissions: a private bucket in which each user has the folder <user id>/.

INSERT INTO storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
VALUES (
    'evidence',
    'evidence',
    false,
    10485760, -- 10 MB
    ARRAY['application/pdf', 'image/jpeg', 'image/png', 'image/webp']
)
ON CONFLICT (id) DO UPDATE
SET public = EXCLUDED.public,
    file_size_limit = EXCLUDED.file_size_limit,
    allowed_mime_types = EXCLUDED.allowed_mime_types;

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

-- Only the storage service has the key to sign URLs.  This gives the path of its API to ask for one
-- (POST with {"expiresIn": <seconds>}), or NULL for an object that is not there or that the caller
-- may not see: it runs as the caller, under the policies above.
CREATE FUNCTION public.evidence_signing_path(object_name text) RETURNS text
LANGUAGE sql STABLE
SET search_path = ''
AS $$
    SELECT '/storage/v1/object/sign/' || o.bucket_id || '/' || o.name
    FROM storage.objects AS o
    WHERE o.bucket_id = 'evidence' AND o.name = object_name
$$;

REVOKE EXECUTE ON FUNCTION public.evidence_signing_path(text) FROM PUBLIC, anon;
