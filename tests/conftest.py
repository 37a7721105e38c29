"""Servers for the tests: one plain, one as Supabase has it, and fresh databases on the plain one.

``SCHEMA_PARITY_TEST_BINDIR=/usr/lib/postgresql/15/bin pytest`` runs them on another PostgreSQL,
and ``pytest --hypothesis-profile=long`` tries fifty times as many inputs where those are generated.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import settings

from pytest_schema_parity.postgres.cluster import Cluster, start_cluster
from pytest_schema_parity.postgres.databases import create_database, drop_database
from pytest_schema_parity.postgres.installation import Installation, find_installation

pytest_plugins = ["pytester"]

settings.register_profile("long", max_examples=5_000, deadline=None)

_numbers = count(1)


def pytest_xdist_auto_num_workers() -> int:
    """Two more than there are processors: the tests wait for servers half of the time."""
    return (os.cpu_count() or 1) + 2


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of tests that are spread, the long ones first: so all workers end at about one time."""
    if hasattr(config, "workerinput"):
        folders = ("plugin", "postgres", "unit")
        items.sort(key=lambda item: [folder not in item.path.parts for folder in folders])


@pytest.fixture(scope="session")
def installation() -> Installation:
    """The PostgreSQL that the tests run on."""
    bindir = os.environ.get("SCHEMA_PARITY_TEST_BINDIR")
    return find_installation(bindir=Path(bindir) if bindir else None)


@pytest.fixture(scope="session")
def psql(installation: Installation) -> Path:
    """The psql of that PostgreSQL, else any."""
    own = installation.binary("psql")
    found = own if own.is_file() else shutil.which("psql")
    if found is None:
        pytest.skip("there is no psql to compare with: it is what says where statements end")
    return Path(found)


@pytest.fixture(scope="session")
def cluster(installation: Installation) -> Iterator[Cluster]:
    """A running plain cluster; make databases of your own on it."""
    with start_cluster(installation, name="tests") as cluster:
        yield cluster


@pytest.fixture(scope="session")
def supabase_cluster(installation: Installation) -> Iterator[Cluster]:
    """A running cluster with Supabase's platform in its database ``postgres``."""
    from pytest_schema_parity.platforms import get_platform

    template = get_platform("supabase").template(installation)
    with start_cluster(installation, template=template, name="tests supabase") as cluster:
        yield cluster


@pytest.fixture
def database(cluster: Cluster) -> Iterator[str]:
    """The conninfo of a fresh, empty database, dropped afterwards."""
    name = f"test_{next(_numbers)}"
    yield create_database(cluster, name)
    drop_database(cluster, name, force=True)
