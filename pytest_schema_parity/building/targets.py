"""Where trees are built: each on its own cluster, or all on an external server."""

from __future__ import annotations

import itertools
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol

from pytest_schema_parity.building.platform_facts import platform_schema
from pytest_schema_parity.catalog import read_schema
from pytest_schema_parity.errors import ConfigError, ServerError
from pytest_schema_parity.migrations.origins import Marks
from pytest_schema_parity.platforms import Platform
from pytest_schema_parity.postgres.cluster import attach_cluster, start_cluster
from pytest_schema_parity.postgres.databases import clone_database, create_database
from pytest_schema_parity.postgres.external_server import Executor, ExternalServer
from pytest_schema_parity.postgres.host import Host
from pytest_schema_parity.postgres.installation import Installation
from pytest_schema_parity.schema.facts import Schema

DATABASE: Final = "postgres"
"""The database that a tree is applied to, in a cluster of its own."""
CLOSED_SUFFIX: Final = "closed"
"""The end of the name of a copy that accepts no connections, and can be copied any time."""


@dataclass(frozen=True, slots=True)
class Target:
    """The database that a tree is applied to, and the role that applies it.

    ``template`` is the database that copies are made of; ``prefix`` is how their names begin.
    It ``is_alone`` where the cluster holds no other tree.  ``reader`` is the role that reads all
    rows; None is the superuser, where trees are applied as one.
    """

    host: Host
    database: str
    role: str
    template: str
    prefix: str = "schema_parity_"
    is_alone: bool = True
    reader: str | None = None

    def shareable(self) -> Target:
        """The same with a closed copy as template, so that the database can be connected to."""
        closed = f"{self.prefix}{CLOSED_SUFFIX}"
        clone_database(self.host, self.database, closed, closed=True)
        return replace(self, template=closed)


class Site(Protocol):
    """Makes a database for each tree, which holds its platform and nothing else.

    ``version`` is the server's, as in ``18.6``, or None as long as it is not known; ``source`` is
    where the server comes from; ``described`` has both, for the header of a run.  Trees can be
    built as soon as it ``is_ready``.
    """

    @property
    def version(self) -> str | None: ...  # noqa: D102
    @property
    def source(self) -> str: ...  # noqa: D102
    @property
    def described(self) -> str: ...  # noqa: D102
    @property
    def is_ready(self) -> bool: ...  # noqa: D102

    def lacking(self, platform: Platform, /) -> tuple[str, ...]:
        """The extensions of the platform that the server does not have."""

    def open(self, name: str, platform: Platform, /, *, durable: bool = False) -> Target:
        """A target for a tree; ``durable`` against a crash, if it can be.  Raises ServerError."""

    def build_lock(self) -> AbstractContextManager[None]:
        """The context that a tree is applied in: trees of one cluster wait for each other."""

    def platform_facts(self, target: Target, platform: Platform, /) -> Schema:
        """The facts of a target to whose database no tree is applied yet."""


class OwnClusters:
    """A throw-away cluster for each tree."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.version = installation.version
        self.source = installation.source
        self.described = f"PostgreSQL {self.version} ({self.source}: {installation.bindir})"
        self.is_ready = True

    def lacking(self, platform: Platform, /) -> tuple[str, ...]:
        """The extensions of the platform that the server does not have."""
        return platform.lacking(self.installation)

    def open(self, name: str, platform: Platform, /, *, durable: bool = False) -> Target:
        """Start a cluster for a tree; raises ServerError."""
        template = platform.template(self.installation)
        cluster = start_cluster(self.installation, template=template, name=name, durable=durable)
        return Target(cluster, DATABASE, platform.role, DATABASE, reader=platform.reader)

    def attach(self, platform: Platform, *, superuser: str, directory: Path) -> Target:
        """A target that another process opened and made shareable; raises ServerError."""
        cluster = attach_cluster(self.installation, superuser=superuser, path=directory)
        target = Target(cluster, DATABASE, platform.role, DATABASE, reader=platform.reader)
        return replace(target, template=f"{target.prefix}{CLOSED_SUFFIX}")

    def build_lock(self) -> AbstractContextManager[None]:
        """No tree waits: each has a cluster of its own."""
        return nullcontext()

    def platform_facts(self, target: Target, platform: Platform, /) -> Schema:
        """The facts of a new cluster, which are read once and cached."""
        key = platform.template(self.installation).key(self.installation)
        return platform_schema(target.host.maintenance_conninfo(target.database), key)


class ExternalSite:
    """A database for each tree on the server of one of the project's fixtures.

    The server is there once a test has asked for the fixture: see :meth:`take`.
    """

    def __init__(self, fixture: str) -> None:
        self.fixture = fixture
        self.source = f"fixture {fixture}"
        self.described = f"the server of the fixture {fixture}"
        self.server: ExternalServer | None = None
        self._numbers = itertools.count(1)

    @property
    def version(self) -> str | None:
        """The server's version, if it is there."""
        return None if self.server is None else self.server.version

    @property
    def is_ready(self) -> bool:
        """Whether the server is there."""
        return self.server is not None

    def take(self, executor: Executor) -> None:
        """Use the fixture's server from now on; raises ServerError where it cannot be."""
        self.server = ExternalServer(executor)

    def lacking(self, _platform: Platform, /) -> tuple[str, ...]:
        """Nothing: see :func:`require_no_platform`."""
        return ()

    def open(self, _name: str, _platform: Platform, /, *, durable: bool = False) -> Target:  # noqa: ARG002
        """Make a database for a tree; raises ServerError."""
        if self.server is None:
            raise ServerError(f"the fixture {self.fixture} has not been requested yet")
        name = f"{self.server.prefix}{next(self._numbers)}"
        create_database(self.server, name)
        return Target(self.server, name, self.server.superuser, name, f"{name}_", False)

    def build_lock(self) -> AbstractContextManager[None]:
        """One tree after the other: they share the roles, and two may make the same."""
        return nullcontext() if self.server is None else self.server.build_lock()

    def platform_facts(self, target: Target, _platform: Platform, /) -> Schema:
        """The facts of a new database, not cached: the next server may be another."""
        conninfo = target.host.maintenance_conninfo(target.database)
        return read_schema(conninfo, marks=Marks().place, alone=False)


def require_no_platform(platform: Platform) -> None:
    """Raise ConfigError for a platform that needs a cluster of its own."""
    if platform.scripts:
        raise ConfigError(
            f'The platform "{platform.name}" sets up roles and settings of a whole cluster, so its '
            "trees cannot be built on the server of a fixture: remove the key `server`."
        )
