"""Compare the functions of pgcrypto and uuid-ossp with Python's, and with published results.

On a server without these extensions the stand-ins are tested, else the real ones: the same tests
hold for both.
"""

from __future__ import annotations

import hashlib
import hmac
import time
import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from pytest_schema_parity.platforms import STAND_INS, get_platform, installed_stand_ins
from pytest_schema_parity.postgres.cluster import Cluster, start_cluster
from pytest_schema_parity.postgres.databases import create_database, drop_database
from pytest_schema_parity.postgres.installation import Installation

ALGORITHMS = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")
SIZES = (0, 1, 55, 56, 63, 64, 65, 111, 112, 127, 128, 129, 1000)
NAMES = ("", "python.org", "Ünïcode ☃", "a'b\"c\\d", "x" * 300)


@pytest.fixture(scope="module")
def offering(installation: Installation) -> Iterator[Cluster]:
    """A plain cluster with stand-ins for the extensions that it does not have."""
    template = get_platform("none").template(installation)
    with start_cluster(installation, template=template, name="stand-ins") as cluster:
        yield cluster


@pytest.fixture(scope="module")
def connection(offering: Cluster) -> Iterator[psycopg.Connection[Any]]:
    """A database with both extensions in a schema that is not on the search path."""
    conninfo = create_database(offering, "stand_ins")
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA ext")
        connection.execute("CREATE EXTENSION pgcrypto SCHEMA ext")
        connection.execute('CREATE EXTENSION "uuid-ossp" SCHEMA ext')
        yield connection
    drop_database(offering, "stand_ins")


@pytest.fixture
def fresh(offering: Cluster) -> Iterator[psycopg.Connection[Any]]:
    """A connection to an empty database."""
    conninfo = create_database(offering, "fresh")
    with psycopg.connect(conninfo, autocommit=True) as connection:
        yield connection
    drop_database(offering, "fresh")


def value(connection: psycopg.Connection[Any], query: str, *parameters: object) -> Any:
    row = connection.execute(query.encode(), parameters).fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_digests_and_macs(connection: psycopg.Connection[Any], algorithm: str) -> None:
    for size in SIZES:
        data, key = bytes(i * 7 % 256 for i in range(size)), bytes(i % 251 for i in range(size))
        digest = value(connection, "SELECT ext.digest(%s::bytea, %s)", data, algorithm)
        assert digest == hashlib.new(algorithm, data).digest()
        mac = value(connection, "SELECT ext.hmac(%s::bytea, %s::bytea, %s)", data, key, algorithm)
        assert mac == hmac.digest(key, data, algorithm)


def test_digests_of_text_are_those_of_its_utf8_bytes(connection: psycopg.Connection[Any]) -> None:
    text = "naïve ☃"
    assert (
        value(connection, "SELECT ext.digest(%s::text, 'SHA1')", text)
        == hashlib.sha1(text.encode()).digest()
    )
    assert value(
        connection, "SELECT ext.hmac(%s::text, %s::text, 'sha256')", text, "☃"
    ) == hmac.digest("☃".encode(), text.encode(), "sha256")
    assert value(connection, "SELECT ext.digest(NULL::text, 'md5')") is None


@pytest.mark.parametrize(
    "call", ["digest('a'::bytea, 'md17')", "hmac('a'::bytea, 'b', 'md17')", "gen_salt('md17')"]
)
def test_an_unknown_algorithm(connection: psycopg.Connection[Any], call: str) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="algorithm"):
        value(connection, f"SELECT ext.{call}")


# Published with crypt_blowfish and in the documentation of MD5-crypt's own implementations.
@pytest.mark.parametrize(
    ("password", "hashed"),
    [
        ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
        ("U*U*", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"),
        ("U*U*U", "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a"),
        ("", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy"),
        ("rasmuslerdorf", "$1$rasmusle$rISCgZzpwk3UhDidwXvin0"),
    ],
)
def test_passwords(connection: psycopg.Connection[Any], password: str, hashed: str) -> None:
    assert value(connection, "SELECT ext.crypt(%s, %s)", password, hashed) == hashed
    assert value(connection, "SELECT ext.crypt(%s, %s)", password + "x", hashed) != hashed


# Answers of contrib's pgcrypto 1.3.
@pytest.mark.parametrize(
    ("password", "hashed"),
    [
        ("päss wörd", "$1$./09AZaz$4FNx.PHzpibCxWIpBMd.D0"),
        ("p" * 80, "$2a$04$./09AZaz./09AZaz./09AObLJqS4jc7PzCqJmg2GGFaruvhrIf0iK"),
    ],
)
def test_passwords_beyond_ascii_and_length(
    connection: psycopg.Connection[Any], password: str, hashed: str
) -> None:
    assert value(connection, "SELECT ext.crypt(%s, %s)", password, hashed) == hashed


@pytest.mark.parametrize(
    ("call", "pattern"),
    [
        ("gen_salt('md5')", r"^\$1\$[./0-9A-Za-z]{8}$"),
        ("gen_salt('bf')", r"^\$2a\$06\$[./0-9A-Za-z]{22}$"),
        ("gen_salt('bf', 4)", r"^\$2a\$04\$[./0-9A-Za-z]{22}$"),
    ],
)
def test_a_generated_salt_works_with_crypt(
    connection: psycopg.Connection[Any], call: str, pattern: str
) -> None:
    salt = value(connection, f"SELECT ext.{call}")
    assert value(connection, "SELECT %s ~ %s", salt, pattern)
    assert salt != value(connection, f"SELECT ext.{call}")
    hashed = value(connection, "SELECT ext.crypt('secret', %s)", salt)
    assert hashed.startswith(salt.rsplit("$", 1)[0])
    assert value(connection, "SELECT ext.crypt('secret', %s) = %s", hashed, hashed)


@pytest.mark.parametrize("call", ["gen_salt('bf', 3)", "gen_salt('bf', 32)", "gen_salt('md5', 5)"])
def test_a_wrong_number_of_rounds(connection: psycopg.Connection[Any], call: str) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="number of rounds"):
        value(connection, f"SELECT ext.{call}")


def test_random_bytes(connection: psycopg.Connection[Any]) -> None:
    for size in (1, 31, 32, 33, 1024):
        found = value(connection, "SELECT ext.gen_random_bytes(%s)", size)
        assert len(found) == size
    assert len(set(found)) > 200
    assert found != value(connection, "SELECT ext.gen_random_bytes(1024)")
    assert value(connection, "SELECT ext.gen_random_uuid()").version == 4
    for size in (0, -1, 1025):
        with pytest.raises(psycopg.Error, match="Length not in range") as caught:
            value(connection, "SELECT ext.gen_random_bytes(%s)", size)
        assert caught.value.sqlstate == "39000"


def test_uuids_of_names(connection: psycopg.Connection[Any]) -> None:
    for namespace, function in (
        (uuid.NAMESPACE_DNS, "uuid_ns_dns"),
        (uuid.NAMESPACE_URL, "uuid_ns_url"),
        (uuid.NAMESPACE_OID, "uuid_ns_oid"),
        (uuid.NAMESPACE_X500, "uuid_ns_x500"),
    ):
        assert value(connection, f"SELECT ext.{function}()") == namespace
        for name in NAMES:
            v3 = value(connection, "SELECT ext.uuid_generate_v3(%s, %s)", namespace, name)
            v5 = value(connection, "SELECT ext.uuid_generate_v5(%s, %s)", namespace, name)
            assert (v3, v5) == (uuid.uuid3(namespace, name), uuid.uuid5(namespace, name))
    assert value(connection, "SELECT ext.uuid_nil()") == uuid.UUID(int=0)


@pytest.mark.parametrize("function", ["uuid_generate_v1", "uuid_generate_v1mc"])
def test_uuids_of_time(connection: psycopg.Connection[Any], function: str) -> None:
    query = f"SELECT array_agg(ext.{function}()) FROM generate_series(1, 500)"
    before = time.time_ns()
    found = value(connection, query)
    after = time.time_ns()
    assert len(set(found)) == 500
    for one in found:
        assert (one.version, one.variant) == (1, uuid.RFC_4122)
        unix = (one.time - 0x01B21DD213814000) * 100
        assert before - 10_000_000 <= unix <= after + 10_000_000
    nodes = {one.node for one in found}
    assert len(nodes) == 1 or function == "uuid_generate_v1mc"
    if function == "uuid_generate_v1mc":
        assert all(node >> 40 & 1 for node in nodes)


def test_random_uuids(connection: psycopg.Connection[Any]) -> None:
    found = value(
        connection, "SELECT array_agg(ext.uuid_generate_v4()) FROM generate_series(1, 50)"
    )
    assert len(set(found)) == 50
    assert {one.version for one in found} == {4}


def test_they_work_in_any_schema_and_search_path(fresh: psycopg.Connection[Any]) -> None:
    fresh.execute('CREATE SCHEMA "Odd ""Näme"; CREATE SCHEMA other')
    fresh.execute('CREATE EXTENSION pgcrypto SCHEMA "Odd ""Näme"')
    fresh.execute('CREATE EXTENSION "uuid-ossp" SCHEMA "Odd ""Näme"')
    fresh.execute("ALTER EXTENSION pgcrypto SET SCHEMA other")
    fresh.execute('ALTER EXTENSION "uuid-ossp" SET SCHEMA other')
    fresh.execute("SET search_path = ''")
    assert len(value(fresh, "SELECT other.hmac('a', 'b', 'sha1')")) == 20
    assert value(fresh, "SELECT other.crypt('a', other.gen_salt('bf', 4))")
    assert value(fresh, "SELECT other.uuid_generate_v5(other.uuid_ns_dns(), 'a')")
    assert value(fresh, "SELECT other.uuid_generate_v1()")


def test_a_role_with_create_on_the_database_can_create_uuid_ossp(
    offering: Cluster, fresh: psycopg.Connection[Any]
) -> None:
    fresh.execute("CREATE ROLE maker LOGIN; GRANT CREATE ON DATABASE fresh TO maker")
    with psycopg.connect(offering.conninfo("fresh", user="maker"), autocommit=True) as maker:
        maker.execute('CREATE SCHEMA own; CREATE EXTENSION "uuid-ossp" SCHEMA own')
        assert value(maker, "SELECT own.uuid_generate_v4()").version == 4
        maker.execute('DROP EXTENSION "uuid-ossp"; DROP SCHEMA own')
    fresh.execute("REVOKE CREATE ON DATABASE fresh FROM maker; DROP ROLE maker")


def test_installed_stand_ins_are_recognised(
    installation: Installation, fresh: psycopg.Connection[Any]
) -> None:
    offered = {"pgcrypto", "uuid-ossp"} & set(get_platform("none").stand_ins(installation))
    assert installed_stand_ins(fresh) == ()
    fresh.execute("CREATE EXTENSION pgcrypto")
    fresh.execute("COMMENT ON EXTENSION pgcrypto IS 'set anew by a dump'")
    assert installed_stand_ins(fresh) == tuple(name for name in offered if name == "pgcrypto")
    fresh.execute('CREATE EXTENSION "uuid-ossp"')
    assert installed_stand_ins(fresh) == tuple(sorted(offered))


def test_stand_ins_are_offered_only_for_missing_extensions(installation: Installation) -> None:
    own = {path.stem for path in (installation.sharedir / "extension").glob("*.control")}
    offered = set(get_platform("none").stand_ins(installation))
    assert offered == (set(STAND_INS) - own if installation.major >= 18 else set())


def test_functions_that_are_not_supported_raise_an_error(
    installation: Installation, connection: psycopg.Connection[Any]
) -> None:
    calls = [
        "encrypt('a', 'b', 'aes')",
        "pgp_sym_encrypt('a', 'b')",
        "pgp_sym_decrypt('a'::bytea, 'b')",
        "armor('a')",
        "pgp_armor_headers('a')",
        "crypt('a', 'ab')",
        "gen_salt('des')",
    ]
    if "pgcrypto" not in get_platform("none").stand_ins(installation):
        assert len(value(connection, "SELECT ext.encrypt('a', 'b', 'aes')")) == 16
        return
    for call in calls:
        with pytest.raises(psycopg.errors.FeatureNotSupported, match="is not supported") as caught:
            value(connection, f"SELECT ext.{call}")
        assert "stand-in of pytest-schema-parity" in (caught.value.diag.message_hint or "")


def test_the_functions_have_the_signatures_of_contrib(connection: psycopg.Connection[Any]) -> None:
    rows = connection.execute(
        """SELECT format(
               '%s(%s) %s %s%s%s', p.proname, pg_get_function_arguments(p.oid),
               pg_get_function_result(p.oid), provolatile, proparallel, proisstrict
           )
           FROM pg_proc p JOIN pg_depend d ON d.objid = p.oid AND d.deptype = 'e'
               JOIN pg_extension e ON e.oid = d.refobjid AND extname IN ('pgcrypto', 'uuid-ossp')
           WHERE d.classid = 'pg_proc'::regclass AND p.proname !~ '^(pgcrypto|uuid_ossp)_'
               AND p.proname <> 'fips_mode'  -- of PostgreSQL 18
        """
    )
    assert sorted(row[0] for row in rows) == CONTRIB.splitlines()


CONTRIB = """\
armor(bytea) text ist
armor(bytea, text[], text[]) text ist
crypt(text, text) text ist
dearmor(text) bytea ist
decrypt(bytea, bytea, text) bytea ist
decrypt_iv(bytea, bytea, bytea, text) bytea ist
digest(bytea, text) bytea ist
digest(text, text) bytea ist
encrypt(bytea, bytea, text) bytea ist
encrypt_iv(bytea, bytea, bytea, text) bytea ist
gen_random_bytes(integer) bytea vst
gen_random_uuid() uuid vsf
gen_salt(text) text vst
gen_salt(text, integer) text vst
hmac(bytea, bytea, text) bytea ist
hmac(text, text, text) bytea ist
pgp_armor_headers(text, OUT key text, OUT value text) SETOF record ist
pgp_key_id(bytea) text ist
pgp_pub_decrypt(bytea, bytea) text ist
pgp_pub_decrypt(bytea, bytea, text) text ist
pgp_pub_decrypt(bytea, bytea, text, text) text ist
pgp_pub_decrypt_bytea(bytea, bytea) bytea ist
pgp_pub_decrypt_bytea(bytea, bytea, text) bytea ist
pgp_pub_decrypt_bytea(bytea, bytea, text, text) bytea ist
pgp_pub_encrypt(text, bytea) bytea vst
pgp_pub_encrypt(text, bytea, text) bytea vst
pgp_pub_encrypt_bytea(bytea, bytea) bytea vst
pgp_pub_encrypt_bytea(bytea, bytea, text) bytea vst
pgp_sym_decrypt(bytea, text) text ist
pgp_sym_decrypt(bytea, text, text) text ist
pgp_sym_decrypt_bytea(bytea, text) bytea ist
pgp_sym_decrypt_bytea(bytea, text, text) bytea ist
pgp_sym_encrypt(text, text) bytea vst
pgp_sym_encrypt(text, text, text) bytea vst
pgp_sym_encrypt_bytea(bytea, text) bytea vst
pgp_sym_encrypt_bytea(bytea, text, text) bytea vst
uuid_generate_v1() uuid vst
uuid_generate_v1mc() uuid vst
uuid_generate_v3(namespace uuid, name text) uuid ist
uuid_generate_v4() uuid vst
uuid_generate_v5(namespace uuid, name text) uuid ist
uuid_nil() uuid ist
uuid_ns_dns() uuid ist
uuid_ns_oid() uuid ist
uuid_ns_url() uuid ist
uuid_ns_x500() uuid ist
"""
