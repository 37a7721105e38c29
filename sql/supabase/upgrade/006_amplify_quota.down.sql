-- Take the quota back.

BEGIN;
SET LOCAL lock_timeout = '5s';
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public;

DROP TRIGGER IF EXISTS trg_check_amplify_quota ON public.submissions;
DROP FUNCTION IF EXISTS public.check_amplify_quota();

COMMIT;
