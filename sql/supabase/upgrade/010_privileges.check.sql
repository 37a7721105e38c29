-- The roles of the API have what they need and no more.

DO $$
BEGIN
    ASSERT NOT has_table_privilege('anon', 'public.users', 'SELECT'), 'anon reads users';
    ASSERT NOT has_table_privilege('authenticated', 'public.users', 'TRUNCATE'), 'users is truncated';
    ASSERT NOT has_column_privilege('authenticated', 'public.users', 'role', 'UPDATE'),
        'users set their own role';
    ASSERT has_column_privilege('authenticated', 'public.users', 'name', 'UPDATE'),
        'users cannot edit themselves';
    ASSERT has_column_privilege('authenticated', 'public.submissions', 'payload', 'INSERT'),
        'users cannot hand in';
    ASSERT has_table_privilege('authenticated', 'public.submission_attachments', 'SELECT'),
        'users do not see their attachments';
END
$$;
