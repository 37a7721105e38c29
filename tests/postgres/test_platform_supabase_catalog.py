"""The platform as built against what was read off a Supabase database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from pytest_schema_parity.platforms import get_platform, installed_stand_ins
from pytest_schema_parity.platforms.stand_ins import has_extension
from pytest_schema_parity.postgres.cluster import Cluster, start_cluster
from pytest_schema_parity.postgres.databases import clone_database, drop_database
from pytest_schema_parity.postgres.installation import Installation

# Role: attributes: member of: settings.
ROLES = r"""
anon: NOLOGIN: : statement_timeout=3s
authenticated: NOLOGIN: : statement_timeout=8s
authenticator: LOGIN NOINHERIT: anon authenticated service_role: lock_timeout=8s; pgrst.db_pre_request=db_pre_request; statement_timeout=8s
dashboard_user: NOLOGIN CREATEDB CREATEROLE REPLICATION: :
pgbouncer: NOLOGIN: :
pgsodium_keyholder: NOLOGIN: :
pgsodium_keyiduser: NOLOGIN: :
pgsodium_keymaker: NOLOGIN: :
postgres: SUPERUSER LOGIN CREATEDB CREATEROLE REPLICATION BYPASSRLS: anon authenticated pg_monitor pg_read_all_data pg_signal_backend service_role supabase_auth_admin supabase_storage_admin: idle_in_transaction_session_timeout=3min; idle_session_timeout=3min; search_path="\$user", public, extensions
service_role: NOLOGIN BYPASSRLS: :
supabase_admin: SUPERUSER LOGIN CREATEDB CREATEROLE REPLICATION BYPASSRLS: : search_path="\$user", public, auth, extensions
supabase_auth_admin: LOGIN NOINHERIT CREATEROLE: : idle_in_transaction_session_timeout=60000; search_path=auth
supabase_functions_admin: NOLOGIN: :
supabase_privileged_role: NOLOGIN: :
supabase_read_only_user: LOGIN BYPASSRLS: pg_read_all_data:
supabase_realtime_admin: NOLOGIN NOINHERIT: :
supabase_replication_admin: LOGIN REPLICATION: :
supabase_storage_admin: LOGIN NOINHERIT CREATEROLE: authenticator: search_path=storage
"""  # noqa: E501

SCHEMAS = """
auth: supabase_admin=UC anon=U authenticated=U service_role=U supabase_auth_admin=UC dashboard_user=UC postgres=U
extensions: supabase_admin=UC postgres=U anon=U authenticated=U service_role=U dashboard_user=UC
graphql: supabase_admin=UC postgres=U anon=U authenticated=U service_role=U
graphql_public: supabase_admin=UC postgres=U anon=U authenticated=U service_role=U
public: pg_database_owner=UC =U postgres=U anon=U authenticated=U service_role=U
realtime: supabase_admin=UC postgres=U anon=U authenticated=U service_role=U supabase_realtime_admin=U*C*
storage: supabase_admin=UC postgres=U anon=U authenticated=U service_role=U supabase_storage_admin=UC dashboard_user=UC
vault: supabase_admin=UC postgres=U* service_role=U
"""  # noqa: E501

# Made where the extension is available: WITH SCHEMA has to find it.
SCHEMAS_OF_EXTENSIONS = {"graphql": "pg_graphql", "vault": "supabase_vault"}

# By whom: where: to whom; "*" is the grant option.
DEFAULTS = {
    ("postgres", "public"): "postgres anon authenticated service_role",
    ("supabase_admin", "public"): "postgres anon authenticated service_role",
    ("supabase_admin", "graphql_public"): "postgres anon authenticated service_role",
    ("supabase_admin", "storage"): "postgres anon authenticated service_role",
    ("supabase_admin", "extensions"): "postgres*",
    ("supabase_admin", "realtime"): "postgres dashboard_user",
    ("supabase_auth_admin", "auth"): "postgres dashboard_user",
}

COLUMNS = {
    "auth.users": "instance_id uuid, id uuid!, aud character varying(255), role character varying(255), email character varying(255), encrypted_password character varying(255), email_confirmed_at timestamp with time zone, invited_at timestamp with time zone, confirmation_token character varying(255), confirmation_sent_at timestamp with time zone, recovery_token character varying(255), recovery_sent_at timestamp with time zone, email_change_token_new character varying(255), email_change character varying(255), email_change_sent_at timestamp with time zone, last_sign_in_at timestamp with time zone, raw_app_meta_data jsonb, raw_user_meta_data jsonb, is_super_admin boolean, created_at timestamp with time zone, updated_at timestamp with time zone, phone text =NULL::character varying, phone_confirmed_at timestamp with time zone, phone_change text =''::character varying, phone_change_token character varying(255) =''::character varying, phone_change_sent_at timestamp with time zone, confirmed_at timestamp with time zone generated, email_change_token_current character varying(255) =''::character varying, email_change_confirm_status smallint =0, banned_until timestamp with time zone, reauthentication_token character varying(255) =''::character varying, reauthentication_sent_at timestamp with time zone, is_sso_user boolean! =false, deleted_at timestamp with time zone, is_anonymous boolean! =false. Keys: PRIMARY KEY (id); UNIQUE (phone).",  # noqa: E501
    "auth.identities": "provider_id text!, user_id uuid!, identity_data jsonb!, provider text!, last_sign_in_at timestamp with time zone, created_at timestamp with time zone, updated_at timestamp with time zone, email text generated, id uuid! =gen_random_uuid(). Keys: FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE; PRIMARY KEY (id); UNIQUE (provider_id, provider).",  # noqa: E501
    "auth.oauth_clients": "id uuid!, client_secret_hash text, registration_type auth.oauth_registration_type!, redirect_uris text!, grant_types text!, client_name text, client_uri text, logo_uri text, created_at timestamp with time zone! =now(), updated_at timestamp with time zone! =now(), deleted_at timestamp with time zone, client_type auth.oauth_client_type! ='confidential'::auth.oauth_client_type, token_endpoint_auth_method text!. Keys: PRIMARY KEY (id).",  # noqa: E501
    "auth.sessions": "id uuid!, user_id uuid!, created_at timestamp with time zone, updated_at timestamp with time zone, factor_id uuid, aal auth.aal_level, not_after timestamp with time zone, refreshed_at timestamp without time zone, user_agent text, ip inet, tag text, oauth_client_id uuid, refresh_token_hmac_key text, refresh_token_counter bigint, scopes text. Keys: FOREIGN KEY (oauth_client_id) REFERENCES auth.oauth_clients(id) ON DELETE CASCADE; FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE; PRIMARY KEY (id).",  # noqa: E501
    "auth.refresh_tokens": "instance_id uuid, id bigint!, token character varying(255), user_id character varying(255), revoked boolean, created_at timestamp with time zone, updated_at timestamp with time zone, parent character varying(255), session_id uuid. Keys: FOREIGN KEY (session_id) REFERENCES auth.sessions(id) ON DELETE CASCADE; PRIMARY KEY (id); UNIQUE (token).",  # noqa: E501
    "storage.buckets": "id text!, name text!, owner uuid, created_at timestamp with time zone =now(), updated_at timestamp with time zone =now(), public boolean =false, avif_autodetection boolean =false, file_size_limit bigint, allowed_mime_types text[], owner_id text, type storage.buckettype! ='STANDARD'::storage.buckettype, versioning_status text! ='DISABLED'::text. Keys: PRIMARY KEY (id).",  # noqa: E501
    "storage.objects": "id uuid! =gen_random_uuid(), bucket_id text, name text, owner uuid, created_at timestamp with time zone =now(), updated_at timestamp with time zone =now(), last_accessed_at timestamp with time zone =now(), metadata jsonb, path_tokens text[] generated, version text, owner_id text, user_metadata jsonb, archived_at timestamp with time zone, is_delete_marker boolean! =false, is_versioned boolean! =false. Keys: FOREIGN KEY (bucket_id) REFERENCES storage.buckets(id); PRIMARY KEY (id).",  # noqa: E501
}


@pytest.fixture(scope="module")
def conninfo(supabase_cluster: Cluster) -> Iterator[str]:
    """A clone of the platform's database, as the role that migrations run as."""
    clone_database(supabase_cluster, "postgres", "as_built")
    yield supabase_cluster.conninfo("as_built", user="postgres")
    drop_database(supabase_cluster, "as_built", force=True)


@pytest.fixture
def connection(conninfo: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection whose work is undone."""
    with psycopg.connect(conninfo) as connection:
        yield connection
        connection.rollback()


def column(connection: psycopg.Connection[Any], query: str, *parameters: object) -> list[Any]:
    return [row[0] for row in connection.execute(query.encode(), parameters)]


def value(connection: psycopg.Connection[Any], query: str, *parameters: object) -> Any:
    (found,) = column(connection, query, *parameters)
    return found


def test_roles(connection: psycopg.Connection[Any]) -> None:
    found = connection.execute(
        """SELECT rolname, rolsuper, rolcanlogin, rolinherit, rolcreatedb, rolcreaterole,
               rolreplication, rolbypassrls,
               ARRAY(SELECT roleid::regrole::text FROM pg_auth_members WHERE member = r.oid
                   ORDER BY 1),
               ARRAY(SELECT unnest(setconfig) FROM pg_db_role_setting
                   WHERE setrole = r.oid AND setdatabase = 0 ORDER BY 1)
           FROM pg_roles r WHERE rolname !~ '^pg_'"""
    )
    built = set()
    for name, superuser, login, inherit, *others, member_of, settings in found:
        attributes = [
            *(["SUPERUSER"] if superuser else []),
            "LOGIN" if login else "NOLOGIN",
            *([] if inherit else ["NOINHERIT"]),
            *(
                attribute
                for attribute, has in zip(
                    ("CREATEDB", "CREATEROLE", "REPLICATION", "BYPASSRLS"), others, strict=True
                )
                if has
            ),
        ]
        parts = (name, " ".join(attributes), " ".join(member_of), "; ".join(settings))
        built.add(": ".join(parts).rstrip())
    assert built == set(ROLES.strip().splitlines())


def test_a_role_that_may_log_in_can(supabase_cluster: Cluster) -> None:
    for line in ROLES.strip().splitlines():
        name, attributes = line.split(": ")[:2]
        if "NOLOGIN" not in attributes:
            with psycopg.connect(supabase_cluster.conninfo("template1", user=name)) as connection:
                assert value(connection, "SELECT current_user") == name


def test_schemas(connection: psycopg.Connection[Any]) -> None:
    found = connection.execute(
        "SELECT nspname, nspowner::regrole::text, nspacl::text[] FROM pg_namespace "
        "WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'"
    )
    built = {}
    for name, owner, acl in found:
        assert all(item.endswith(f"/{owner}") for item in acl)
        built[name] = {item.removesuffix(f"/{owner}") for item in acl}
    available = {None, *column(connection, "SELECT name FROM pg_available_extensions")}
    assert built == {
        name: set(acl.split())
        for name, acl in (line.split(": ") for line in SCHEMAS.strip().splitlines())
        if SCHEMAS_OF_EXTENSIONS.get(name) in available
    }


@pytest.mark.parametrize(("kind", "letters"), [("r", "arwdDxt"), ("S", "rwU"), ("f", "X")])
def test_default_privileges(
    installation: Installation, connection: psycopg.Connection[Any], kind: str, letters: str
) -> None:
    if kind == "r" and installation.major >= 17:
        letters += "m"  # MAINTAIN
    starred = "".join(f"{letter}*" for letter in letters)
    found = connection.execute(
        "SELECT defaclrole::regrole::text, defaclnamespace::regnamespace::text, "
        "defaclacl::text[] FROM pg_default_acl WHERE defaclobjtype = %s",
        [kind],
    )
    built = {(role, schema): set(acl) for role, schema, acl in found}
    assert built == {
        (role, schema): {
            f"{grantee.rstrip('*')}={starred if '*' in grantee else letters}/{role}"
            for grantee in grantees.split()
        }
        for (role, schema), grantees in DEFAULTS.items()
    }


@pytest.mark.parametrize("name", COLUMNS)
def test_a_table_s_columns_and_keys(connection: psycopg.Connection[Any], name: str) -> None:
    columns = column(
        connection,
        """SELECT attname || ' ' || format_type(atttypid, atttypmod)
               || CASE WHEN attnotnull THEN '!' ELSE '' END
               || CASE WHEN attgenerated <> '' THEN ' generated'
                   ELSE coalesce(' =' || pg_get_expr(adbin, adrelid), '') END
           FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
           WHERE attrelid = %s::regclass AND attnum > 0 ORDER BY attnum""",
        name,
    )
    keys = column(
        connection,
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE conrelid = %s::regclass AND contype IN ('p', 'u', 'f') ORDER BY 1",
        name,
    )
    assert f"{', '.join(columns)}. Keys: {'; '.join(keys)}." == COLUMNS[name]


def test_owners_and_row_level_security(connection: psycopg.Connection[Any]) -> None:
    found = connection.execute(
        "SELECT oid::regclass::text, relrowsecurity, relowner::regrole::text FROM pg_class "
        "WHERE relnamespace::regnamespace::text IN ('auth', 'storage') AND relkind = 'r'"
    )
    assert {name: (secured, owner) for name, secured, owner in found} == {
        "auth.users": (True, "supabase_auth_admin"),
        "auth.identities": (True, "supabase_auth_admin"),
        "auth.oauth_clients": (False, "supabase_auth_admin"),
        "auth.sessions": (True, "supabase_auth_admin"),
        "auth.refresh_tokens": (True, "supabase_auth_admin"),
        "storage.buckets": (True, "supabase_storage_admin"),
        "storage.objects": (True, "supabase_storage_admin"),
    }


def test_extensions_and_publication(
    installation: Installation, connection: psycopg.Connection[Any]
) -> None:
    assert set(
        column(
            connection, "SELECT extname || ' in ' || extnamespace::regnamespace FROM pg_extension"
        )
    ) == {"plpgsql in pg_catalog", "pgcrypto in extensions", "uuid-ossp in extensions"}
    lacking = [name for name in ("pgcrypto", "uuid-ossp") if not has_extension(installation, name)]
    assert installed_stand_ins(connection) == tuple(
        name for name in get_platform("supabase").stand_ins(installation) if name in lacking
    )
    assert column(connection, "SELECT pubname FROM pg_publication") == ["supabase_realtime"]
    assert column(connection, "SELECT tablename FROM pg_publication_tables") == []


def test_a_server_that_cannot_have_the_extensions_gets_the_rest(
    installation: Installation,
) -> None:
    """As before PostgreSQL 18 without contrib: nothing is offered, and nothing breaks."""
    template = get_platform("supabase").template(installation)
    alone = replace(template, extension_directories=())
    with (
        start_cluster(installation, template=alone, name="no stand-ins") as cluster,
        psycopg.connect(cluster.conninfo()) as connection,
    ):
        made = set(column(connection, "SELECT extname FROM pg_extension"))
        assert not made & set(get_platform("supabase").stand_ins(installation))
        assert value(connection, "SELECT count(*) FROM storage.objects") == 0
