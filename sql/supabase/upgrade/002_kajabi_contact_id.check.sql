-- The column and its unique index are there.

DO $$
BEGIN
    ASSERT (
        SELECT indisunique AND indisvalid AND pg_get_indexdef(indexrelid, 1, true) = 'kajabi_contact_id'
        FROM pg_catalog.pg_index
        WHERE indexrelid = to_regclass('public.users_kajabi_contact_id_key')
    ), 'users.kajabi_contact_id is missing or not unique';
END
$$;
