-- One more than the quota is refused (and if not, the error undoes it).

DO $$
BEGIN
    INSERT INTO public.submissions (id, user_id, activity_code, payload, attachments, updated_at)
    SELECT 'upgrade-check', u.id, 'AMPLIFY', '{"peersTrained": 51}', '[]', CURRENT_TIMESTAMP
    FROM public.users AS u
    LIMIT 1;
    RAISE EXCEPTION '51 peers in 7 days were let through, or there is no user';
EXCEPTION WHEN check_violation THEN
    NULL;
END
$$;
