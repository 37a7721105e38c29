-- Who is asking, in the words of the policies that follow.  Only on Supabase: Prisma's client
-- connects as the tables' owner, to whom no policy applies.
--
-- The helpers live in a schema of their own.  `auth` belongs to the platform (hosted, `postgres`
-- may not even create in it), and functions in `public` are endpoints of the API.
--
-- Each sets an empty search_path, so that nobody can put a table of their own before ours.

CREATE SCHEMA private;
COMMENT ON SCHEMA private IS 'Helpers of the policies; not exposed by the API';
GRANT USAGE ON SCHEMA private TO authenticated, service_role;

-- users.id is text, auth.uid() is uuid: the helpers cast, and no policy has to.
CREATE FUNCTION private.user_id() RETURNS text
LANGUAGE sql STABLE
SET search_path = ''
AS $$
    SELECT auth.uid()::text
$$;

-- SECURITY DEFINER: policies on users ask for the role, which is read from users.
CREATE FUNCTION private.user_role() RETURNS public."Role"
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = ''
AS $$
    SELECT u.role FROM public.users AS u WHERE u.id = auth.uid()::text
$$;

-- Whoever is asked for and not there, is neither: false, never NULL.
CREATE FUNCTION private.is_reviewer() RETURNS boolean
LANGUAGE sql STABLE
SET search_path = ''
AS $$
    SELECT COALESCE(private.user_role() IN ('REVIEWER', 'ADMIN', 'SUPERADMIN'), false)
$$;

CREATE FUNCTION private.is_admin() RETURNS boolean
LANGUAGE sql STABLE
SET search_path = ''
AS $$
    SELECT COALESCE(private.user_role() IN ('ADMIN', 'SUPERADMIN'), false)
$$;

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA private FROM PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA private TO authenticated, service_role;
