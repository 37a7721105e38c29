"""Create and drop the stand-ins for extensions of Supabase as migrations do.

Signatures, schemas and privileges are those of the originals, read off their sources.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from support.originals import ORIGINALS

from pytest_schema_parity.platforms import STAND_INS, get_platform, installed_stand_ins
from pytest_schema_parity.postgres.cluster import start_cluster
from pytest_schema_parity.postgres.installation import Installation

_SIGNATURES = """
SELECT format(
    '%%s(%%s) %%s %%s%%s%%s', p.proname, pg_get_function_arguments(p.oid),
    pg_get_function_result(p.oid), provolatile, proparallel, proisstrict
)
FROM pg_proc AS p JOIN pg_depend AS d ON d.objid = p.oid AND d.classid = 'pg_proc'::regclass
    JOIN pg_extension AS e ON e.oid = d.refobjid AND d.deptype = 'e'
WHERE extname = %s AND p.proname !~ '^stand_in_'
    AND pronamespace::regnamespace::text <> 'graphql_public'  -- is added by Supabase
"""

_RESIDUE = """
SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname !~ '^pg_t'
UNION ALL SELECT 'relation ' || oid::regclass FROM pg_class WHERE oid >= 16384
UNION ALL SELECT 'function ' || oid::regprocedure FROM pg_proc WHERE oid >= 16384
UNION ALL SELECT 'type ' || oid::regtype FROM pg_type WHERE oid >= 16384
"""

OFFERED = sorted(ORIGINALS)


@pytest.fixture(scope="module", params=["none", "supabase", "supabase, no superuser"])
def server(request: pytest.FixtureRequest, installation: Installation) -> Iterator[str]:
    """A connection string for the role that applies migrations, of a platform."""
    name, _, without = str(request.param).partition(", ")
    platform = get_platform(name, superuser=not without)
    template = platform.template(installation)
    with start_cluster(installation, template=template, name="stand-ins") as cluster:
        yield cluster.conninfo("postgres", user=platform.role)


@pytest.fixture
def undone(server: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection to the platform's database; what it does is rolled back."""
    with psycopg.connect(server) as connection:
        connection.execute("CREATE SCHEMA IF NOT EXISTS extensions")
        yield connection
        connection.rollback()


@pytest.fixture(params=OFFERED)
def name(request: pytest.FixtureRequest, installation: Installation) -> str:
    """An extension that the server has only as a stand-in."""
    extension = str(request.param)
    if extension not in get_platform("none").stand_ins(installation):
        pytest.skip(f"{installation.bindir} includes {extension}, or cannot have a stand-in")
    return extension


def rows(connection: psycopg.Connection[Any], query: str, *parameters: object) -> list[Any]:
    found = connection.execute(query.encode(), parameters or None).fetchall()
    return [row[0] for row in found]


def create(connection: psycopg.Connection[Any], name: str, rest: str = "") -> None:
    if ORIGINALS[name].requires:
        rest = "SCHEMA extensions CASCADE"
    connection.execute(f'CREATE EXTENSION IF NOT EXISTS "{name}" {rest}'.encode())


def test_every_stand_in_is_described_here() -> None:
    assert set(ORIGINALS) == set(STAND_INS) - {"pgcrypto", "uuid-ossp"}


@pytest.mark.parametrize("target", [False, True], ids=["anywhere", "with schema"])
@pytest.mark.parametrize("options", ["", "IF NOT EXISTS"])
def test_it_is_created_as_migrations_do_and_dropped(
    undone: psycopg.Connection[Any], name: str, options: str, target: bool
) -> None:
    original = ORIGINALS[name]
    if original.requires:
        target = True
        undone.execute(b"CREATE EXTENSION IF NOT EXISTS pgcrypto SCHEMA extensions")
    schema = original.schema or ("extensions" if target else "public")
    if schema != "pg_catalog":
        undone.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'.encode())
    before = set(rows(undone, _RESIDUE))
    where = f'WITH SCHEMA "{schema}"' if target else ""
    undone.execute(f'CREATE EXTENSION {options} "{name}" {where}'.encode())
    undone.execute(f'CREATE EXTENSION IF NOT EXISTS "{name}" {where}'.encode())
    query = "SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = %s"
    assert rows(undone, query, name) == [schema]
    made = {f"schema {made}" for made in original.makes}
    assert {one for one in set(rows(undone, _RESIDUE)) - before if one[:6] == "schema"} == made
    assert name in installed_stand_ins(undone)
    undone.execute(f'DROP EXTENSION "{name}"'.encode())
    assert set(rows(undone, _RESIDUE)) == before


def test_it_is_refused_in_another_schema_where_the_original_is(
    undone: psycopg.Connection[Any], name: str
) -> None:
    schema = ORIGINALS[name].schema
    if schema is None:
        pytest.skip("it can be created in any schema")
    with pytest.raises(psycopg.errors.FeatureNotSupported, match=f'in schema "{schema}"'):
        create(undone, name, "SCHEMA extensions")


def test_the_functions_have_the_signatures_of_the_original(
    undone: psycopg.Connection[Any], name: str
) -> None:
    create(undone, name)
    assert sorted(rows(undone, _SIGNATURES, name)) == ORIGINALS[name].functions.splitlines()


def test_no_privilege_lets_code_of_a_role_run_as_the_owner(
    undone: psycopg.Connection[Any], installation: Installation
) -> None:
    """As a foreign key to a superuser's table and a trigger on it would."""
    for name in {*get_platform("none").stand_ins(installation)} - {
        "pgjwt"
    }:  # it has functions only
        undone.execute(f'CREATE EXTENSION IF NOT EXISTS "{name}"'.encode())
    found = undone.execute(
        "SELECT c.oid::regclass::text, a.grantee, a.privilege_type"
        " FROM pg_class AS c JOIN pg_roles AS owner ON owner.oid = c.relowner"
        " CROSS JOIN aclexplode(c.relacl) AS a LEFT JOIN pg_roles AS r ON r.oid = a.grantee"
        " WHERE c.oid >= 16384 AND owner.rolsuper AND r.rolsuper IS NOT TRUE"
        " AND a.privilege_type IN ('REFERENCES', 'TRIGGER')"
    ).fetchall()
    assert found == []
