-- The evidence files have the four policies, and no policy of before is left.

DO $$
BEGIN
    ASSERT ARRAY[
        'Users delete their evidence', 'Users replace their evidence',
        'Users see their evidence, reviewers all', 'Users upload evidence'
    ]::name[] = (
        SELECT array_agg(policyname ORDER BY policyname COLLATE "C")
        FROM pg_catalog.pg_policies
        WHERE schemaname = 'storage' AND tablename = 'objects' AND policyname LIKE '%evidence%'
    ), 'the policies of storage.objects are others';
    ASSERT to_regprocedure('public.evidence_signing_path(text)') IS NOT NULL, 'a function is missing';
END
$$;
