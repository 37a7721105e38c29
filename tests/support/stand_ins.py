"""Stand-ins on Supabase's platform: created for one test, and called."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from pytest_schema_parity.platforms import get_platform
from pytest_schema_parity.postgres.cluster import start_cluster
from pytest_schema_parity.postgres.installation import Installation

Connection = psycopg.Connection[Any]
Creating = Callable[..., Connection]


@pytest.fixture(scope="module", params=[True, False], ids=["superuser", "no superuser"])
def server(request: pytest.FixtureRequest, installation: Installation) -> Iterator[str]:
    """A connection string for the role that applies migrations on Supabase."""
    platform = get_platform("supabase", superuser=bool(request.param))
    template = platform.template(installation)
    with start_cluster(installation, template=template, name="stand-ins") as cluster:
        yield cluster.conninfo("postgres", user=platform.role)


@pytest.fixture
def having(server: str, installation: Installation) -> Iterator[Creating]:
    """Creates extensions, for one test; skips it where one is no stand-in."""
    with psycopg.connect(server) as connection:

        def create(*names: str, schema: str | None = None) -> Connection:
            for name in names:
                if name not in get_platform("supabase").stand_ins(installation):
                    pytest.skip(f"{installation.bindir} includes {name}, or has no stand-ins")
                where = f"SCHEMA {schema}" if schema else ""
                connection.execute(f'CREATE EXTENSION "{name}" {where}'.encode())
            return connection

        yield create
        connection.rollback()


def value(connection: Connection, query: str, *parameters: object) -> Any:
    row = connection.execute(query.encode(), parameters or None).fetchone()
    assert row is not None
    return row[0]


def error(connection: Connection, query: str) -> psycopg.Error:
    """The error of a statement, after which the transaction goes on."""
    with pytest.raises(psycopg.Error) as caught, connection.transaction():
        connection.execute(query.encode())
    return caught.value
