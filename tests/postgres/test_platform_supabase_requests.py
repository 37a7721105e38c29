"""What a request may do on the platform: the token's claims, policies, storage."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from pytest_schema_parity.postgres.cluster import Cluster
from pytest_schema_parity.postgres.databases import clone_database, drop_database

SUBJECT = "6f1b2c3d-0000-4000-8000-000000000001"


@pytest.fixture(scope="module")
def conninfo(supabase_cluster: Cluster) -> Iterator[str]:
    """A clone of the platform's database, as the role that migrations run as."""
    clone_database(supabase_cluster, "postgres", "as_asked")
    yield supabase_cluster.conninfo("as_asked", user="postgres")
    drop_database(supabase_cluster, "as_asked", force=True)


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


@contextmanager
def acting(
    connection: psycopg.Connection[Any], role: str, claims: Mapping[str, object] | None = None
) -> Iterator[None]:
    """As the API does it: a role and the token's claims, as long as the transaction lasts."""
    connection.execute(f"SET LOCAL ROLE {role}".encode())
    connection.execute(
        "SELECT set_config('request.jwt.claims', %s, true)", [json.dumps(claims) if claims else ""]
    )
    yield
    connection.execute("RESET ROLE")


def test_who_asks(connection: psycopg.Connection[Any]) -> None:
    claims = {"sub": SUBJECT, "role": "authenticated", "email": "a@b.c", "app": {"n": 1}}
    asked = "SELECT json_build_array(auth.uid(), auth.role(), auth.email(), auth.jwt())"
    assert value(connection, asked) == [None, None, None, None]
    with acting(connection, "authenticated", claims):
        assert value(connection, asked) == [SUBJECT, "authenticated", "a@b.c", claims]
    with acting(connection, "anon", {"role": "anon"}):
        assert value(connection, asked) == [None, "anon", None, {"role": "anon"}]
    with acting(connection, "anon"):  # set and empty, as after another transaction's SET LOCAL
        assert value(connection, asked) == [None, None, None, None]


def test_who_asks_of_an_older_gateway(connection: psycopg.Connection[Any]) -> None:
    claims = {"sub": SUBJECT, "role": "authenticated", "email": "a@b.c"}
    asked = "SELECT json_build_array(auth.uid(), auth.role(), auth.email(), auth.jwt())"
    old = SUBJECT.replace("1", "2")
    for said, expected in (
        ((old, "old", "o@l.d"), [old, "old", "o@l.d", claims]),
        (("", "", ""), [SUBJECT, "authenticated", "a@b.c", claims]),
    ):
        for name, setting in zip(("sub", "role", "email"), said, strict=True):
            connection.execute(
                "SELECT set_config(%s, %s, true)", [f"request.jwt.claim.{name}", setting]
            )
        with acting(connection, "service_role", claims):
            assert value(connection, asked) == expected


@pytest.mark.parametrize("claims", ["{", '{"sub": "no uuid"}'])
def test_claims_that_are_none_are_an_error(
    connection: psycopg.Connection[Any], claims: str
) -> None:
    connection.execute("SELECT set_config('request.jwt.claims', %s, true)", [claims])
    with pytest.raises(psycopg.errors.InvalidTextRepresentation):
        value(connection, "SELECT auth.uid()")


def test_policies_hold_for_the_api_s_roles(connection: psycopg.Connection[Any]) -> None:
    other = SUBJECT.replace("1", "2")
    connection.execute(
        f"""CREATE TABLE public.notes (id serial, owner uuid DEFAULT auth.uid(), note text);
            ALTER TABLE public.notes ENABLE ROW LEVEL SECURITY;
            CREATE POLICY own ON public.notes TO authenticated USING (owner = auth.uid());
            INSERT INTO public.notes (owner, note) VALUES ('{SUBJECT}', 'a'), ('{other}', 'b')
        """.encode()
    )
    notes = "SELECT note FROM public.notes ORDER BY 1"
    with acting(connection, "anon"):
        assert column(connection, notes) == []
    with acting(connection, "authenticated", {"sub": SUBJECT}):
        connection.execute("INSERT INTO public.notes (note) VALUES ('mine')")
        assert column(connection, notes) == ["a", "mine"]
        with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
            connection.execute("INSERT INTO public.notes (owner) VALUES (gen_random_uuid())")
    with acting(connection, "service_role"):
        assert column(connection, notes) == ["a", "b", "mine"]


def test_the_api_does_not_reach_into_auth(connection: psycopg.Connection[Any]) -> None:
    for role in ("anon", "authenticated", "service_role"):
        with (
            acting(connection, role),
            pytest.raises(psycopg.errors.InsufficientPrivilege),
            connection.transaction(),
        ):
            connection.execute("SELECT FROM auth.users")


def test_users_are_given_what_is_worked_out(connection: psycopg.Connection[Any]) -> None:
    connection.execute(
        "INSERT INTO auth.users (id, email, email_confirmed_at, phone_confirmed_at) "
        "VALUES (%s, 'a@b.c', '2026-01-02Z', '2026-01-01Z')",
        [SUBJECT],
    )
    row = (
        "SELECT confirmed_at = '2026-01-01Z' AND phone IS NULL AND NOT is_anonymous FROM auth.users"
    )
    assert value(connection, row) is True
    connection.execute(
        "INSERT INTO auth.identities (user_id, provider, provider_id, identity_data) "
        """VALUES (%s, 'email', '1', '{"email": "A@B.c"}')""",
        [SUBJECT],
    )
    assert value(connection, "SELECT email FROM auth.identities") == "a@b.c"
    connection.execute("DELETE FROM auth.users")
    assert column(connection, "SELECT id FROM auth.identities") == []


def test_objects_lie_in_folders(connection: psycopg.Connection[Any]) -> None:
    connection.execute("INSERT INTO storage.buckets (id, name) VALUES ('b', 'b')")
    connection.execute(
        "CREATE POLICY own ON storage.objects TO authenticated "
        "USING (bucket_id = 'b' AND (storage.foldername(name))[1] = auth.uid()::text)"
    )
    with acting(connection, "authenticated", {"sub": SUBJECT}):
        connection.execute(
            "INSERT INTO storage.objects (bucket_id, name) VALUES ('b', %s)",
            [f"{SUBJECT}/a/b.c.png"],
        )
        assert value(connection, "SELECT path_tokens FROM storage.objects") == [
            SUBJECT,
            "a",
            "b.c.png",
        ]
        with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
            connection.execute("INSERT INTO storage.objects (bucket_id, name) VALUES ('b', 'x/y')")
    with acting(connection, "anon"):
        assert column(connection, "SELECT name FROM storage.objects") == []
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        connection.execute("INSERT INTO storage.objects (bucket_id, name) VALUES ('none', 'x')")


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("foldername('a/b/c.png')", ["a", "b"]),
        ("foldername('c.png')", []),
        ("foldername('')", []),
        ("foldername('/c.png')", [""]),
        ("foldername('a/b/')", ["a", "b"]),
        ("foldername(NULL)", None),
        ("filename('a/b/c.png')", "c.png"),
        ("filename('c.png')", "c.png"),
        ("filename(NULL)", None),
        ("extension('a/b.d/c.tar.gz')", "gz"),
        ("extension('a/c')", "c"),
        ("get_common_prefix('a/b/c', 'a/', '/')", "a/b/"),
        ("get_common_prefix('a/b', 'a/', '/')", None),
        ("operation()", "storage.object.list"),
        ("allow_only_operation('object.list')", True),
        ("allow_only_operation('storage.object.list')", True),
        ("allow_only_operation('object.get')", False),
        ("allow_only_operation(NULL)", False),
        ("allow_any_operation(ARRAY['object.get', 'object.list'])", True),
        ("allow_any_operation('{}')", False),
    ],
)
def test_what_policies_ask_of_storage(
    connection: psycopg.Connection[Any], call: str, expected: object
) -> None:
    connection.execute("SET LOCAL storage.operation = 'storage.object.list'")
    with acting(connection, "anon"):
        assert value(connection, f"SELECT storage.{call}") == expected


def test_no_operation_is_none_of_those_asked_for(connection: psycopg.Connection[Any]) -> None:
    assert value(connection, "SELECT storage.operation()") is None
    assert value(connection, "SELECT storage.allow_only_operation('object.list')") is False


def test_storage_guards_its_rows(connection: psycopg.Connection[Any]) -> None:
    connection.execute("INSERT INTO storage.buckets (id, name) VALUES ('b', 'b')")
    with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
        connection.execute("DELETE FROM storage.buckets")
    with pytest.raises(psycopg.errors.RaiseException, match="too long"), connection.transaction():
        connection.execute("UPDATE storage.buckets SET name = repeat('x', 101)")
    with pytest.raises(psycopg.Error) as caught, connection.transaction():
        connection.execute("SELECT storage.can_insert_object('b', 'x/y', NULL, '{}')")
    assert caught.value.sqlstate == "PT200"
    connection.execute(
        """INSERT INTO storage.objects (bucket_id, name, metadata)
           VALUES ('b', 'x', '{"size": 5}'), ('b', 'y', '{"size": 6}')"""
    )
    sizes = connection.execute("SELECT bucket_id, size FROM storage.get_size_by_bucket()")
    assert sizes.fetchall() == [("b", 11)]
    connection.execute("UPDATE storage.objects SET updated_at = 'epoch'")
    assert value(connection, "SELECT bool_and(updated_at = now()) FROM storage.objects") is True
    connection.execute("SET LOCAL storage.allow_delete_query = 'true'; DELETE FROM storage.objects")


def test_what_migrations_make_is_the_api_s_too(connection: psycopg.Connection[Any]) -> None:
    connection.execute("CREATE TABLE public.made (id serial)")
    acl = value(connection, "SELECT relacl::text FROM pg_class WHERE oid = 'made'::regclass")
    granted = set(re.findall(r"(\w+)=a", acl))
    assert granted == {"postgres", "anon", "authenticated", "service_role"}
    connection.execute("ALTER PUBLICATION supabase_realtime ADD TABLE public.made")
    connection.execute(
        "CREATE FUNCTION public.welcome() RETURNS trigger LANGUAGE plpgsql "
        "AS 'BEGIN RETURN NEW; END'"
    )
    connection.execute(
        "CREATE TRIGGER welcome AFTER INSERT ON auth.users EXECUTE FUNCTION public.welcome()"
    )


def test_the_extensions_functions_are_on_the_path(connection: psycopg.Connection[Any]) -> None:
    assert len(value(connection, "SELECT gen_random_bytes(9)")) == 9
    assert value(connection, "SELECT uuid_generate_v4()").version == 4
    for role in ("anon", "authenticated", "service_role"):
        with acting(connection, role):
            assert value(connection, "SELECT extensions.uuid_generate_v4()").version == 4
