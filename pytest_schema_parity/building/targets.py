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
"""The database to which a tree is applied, in its own cluster."""
CLOSED_SUFFIX: Final = "closed"
"""The suffix of the name of a copy that accepts no connections, and can be copied any time."""


@dataclass(frozen=True, slots=True)
class Target:
    """The database to which a tree is applied, and the role that applies it.

    ``template`` is the database from which copies are made; ``prefix`` is the prefix of their
    names.  It ``is_alone`` if the cluster has no other tree.  ``reader`` is the role that reads all
    rows; None is the superuser, if it applies the trees.
    """

    host: Host
    database: str
    role: str
    template: str
    prefix: str = "schema_parity_"
    is_alone: bool = True
    reader: str | None = None

    def shareable(self) -> Target:
        """The same target with a closed copy as template, so that clients can use the database."""
        closed = f"{self.prefix}{CLOSED_SUFFIX}"
        clone_database(self.host, self.database, closed, closed=True)
        return replace(self, template=closed)


class Site(Protocol):
    """Creates a database for each tree, which contains its platform and nothing else.

    ``version`` is the server's, as in ``18.6``, or None if it is not known yet; ``source`` is where
    the server comes from; ``described`` has both, for the header of a run.  Trees can be built once
    it ``is_ready``.
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

    def stand_ins(self, platform: Platform, /) -> tuple[str, ...] | None:
        """The extensions that the server has as stand-ins; None if the server is not ours."""

    def open(self, name: str, platform: Platform, /, *, durable: bool = False) -> Target:
        """A target for a tree, ``durable`` as in :func:`start_cluster` if possible.

        Raises ServerError.
        """

    def build_lock(self) -> AbstractContextManager[None]:
        """A context in which a tree is applied: trees on one cluster wait for each other."""

    def platform_facts(self, target: Target, platform: Platform, /) -> Schema:
        """The facts of a target before a tree is applied to its database."""


class OwnClusters:
    """A temporary cluster for each tree."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.version = installation.version
        self.source = installation.source
        self.described = f"PostgreSQL {self.version} ({self.source}: {installation.bindir})"
        self.is_ready = True

    def lacking(self, platform: Platform, /) -> tuple[str, ...]:
        """The extensions of the platform that the server does not have."""
        return platform.lacking(self.installation)

    def stand_ins(self, platform: Platform, /) -> tuple[str, ...] | None:
        """Those that the platform offers on this installation."""
        return platform.stand_ins(self.installation)

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
        """No tree waits: each has its own cluster."""
        return nullcontext()

    def platform_facts(self, target: Target, platform: Platform, /) -> Schema:
        """The facts of a new cluster, which are read once and cached."""
        key = platform.template(self.installation).key(self.installation)
        return platform_schema(target.host.maintenance_conninfo(target.database), key)


class ExternalSite:
    """A database for each tree on the server of one of the project's fixtures.

    The server is known once a test has requested the fixture: see :meth:`take`.
    """

    def __init__(self, fixture: str) -> None:
        self.fixture = fixture
        self.source = f"fixture {fixture}"
        self.described = f"the server of the fixture {fixture}"
        self.server: ExternalServer | None = None
        self._numbers = itertools.count(1)

    @property
    def version(self) -> str | None:
        """The server's version; None if the server is not known yet."""
        return None if self.server is None else self.server.version

    @property
    def is_ready(self) -> bool:
        """Whether the server is known."""
        return self.server is not None

    def take(self, executor: Executor) -> None:
        """Use the fixture's server from now on; raises ServerError if it is unusable."""
        self.server = ExternalServer(executor)

    def lacking(self, _platform: Platform, /) -> tuple[str, ...]:
        """No extensions: see :func:`require_no_platform`."""
        return ()

    def stand_ins(self, _platform: Platform, /) -> tuple[str, ...] | None:
        """None: what the server has is up to whoever starts it."""
        return None

    def open(self, _name: str, _platform: Platform, /, *, durable: bool = False) -> Target:  # noqa: ARG002
        """Create a database for a tree; raises ServerError."""
        if self.server is None:
            raise ServerError(f"the fixture {self.fixture} has not been requested yet")
        name = f"{self.server.prefix}{next(self._numbers)}"
        create_database(self.server, name)
        return Target(self.server, name, self.server.superuser, name, f"{name}_", False)

    def build_lock(self) -> AbstractContextManager[None]:
        """One tree after the other: they share roles, and two may create the same role."""
        return nullcontext() if self.server is None else self.server.build_lock()

    def platform_facts(self, target: Target, _platform: Platform, /) -> Schema:
        """The facts of a new database; not cached, because the next server may be another."""
        conninfo = target.host.maintenance_conninfo(target.database)
        return read_schema(conninfo, marks=Marks().place, alone=False)


def require_no_platform(platform: Platform) -> None:
    """Raise ConfigError for a platform that needs its own cluster."""
    if platform.scripts:
        raise ConfigError(
            f'The platform "{platform.name}" sets up roles and settings of a whole cluster, so its '
            "trees cannot be built on the server of a fixture: remove the key `server`."
        )
