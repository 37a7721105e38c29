"""A tree as it stands on its own server, and copies of it to write to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from types import TracebackType
from typing import Final, Self

import psycopg

from pytest_schema_parity.migrations.apply import Applied
from pytest_schema_parity.migrations.tree import Tree
from pytest_schema_parity.platforms import Platform
from pytest_schema_parity.postgres.address import connect
from pytest_schema_parity.postgres.cluster import Cluster
from pytest_schema_parity.postgres.databases import clone_database, drop_database
from pytest_schema_parity.schema.difference import Comparison
from pytest_schema_parity.schema.facts import Schema

DATABASE: Final = "postgres"
"""The database that a tree is applied to, in a cluster of its own."""
PRISTINE: Final = "schema_parity_pristine"
"""A copy of it to which nobody can connect, and which the clones are copies of."""
PATIENT: Final = "-c idle_session_timeout=0 -c idle_in_transaction_session_timeout=0"
"""A platform's roles may be timed out while they wait; a debugger's user waits longer."""
READING: Final = f"{PATIENT} -c default_transaction_read_only=on"
WRITING: Final = f"{PATIENT} -c default_transaction_read_only=off"


class Pristine:
    """A built tree's database as it was built, made once, before anybody can connect to it."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._lock = Lock()
        self._made = False

    def keep(self) -> str:
        """Make the copy, if it is not there yet; its name."""
        with self._lock:
            if not self._made:
                clone_database(self._cluster, DATABASE, PRISTINE, closed=True)
                self._made = True
        return PRISTINE


class Clone:
    """A copy of a built tree's database, for writing; dropped when it is closed."""

    def __init__(self, cluster: Cluster, role: str, source: str, name: str) -> None:
        self._cluster = cluster
        self._role = role
        self.name = name
        clone_database(cluster, source, name)

    @property
    def conninfo(self) -> str:
        """Where the copy is, as a libpq connection string."""
        return self._cluster.conninfo(self.name, self._role, options=WRITING)

    def connect(self, *, autocommit: bool = False) -> psycopg.Connection:
        """A new connection to the copy, as the role that applied the tree."""
        return _connect(self.conninfo, autocommit)

    def close(self) -> None:
        """Drop the copy, whoever is still connected to it."""
        drop_database(self._cluster, self.name, force=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltTree:
    """A tree, applied and read.

    ``applied`` says which files there were and what failed; ``stand_ins`` names the extensions in
    whose place something of ours stands.
    """

    tree: Tree
    platform: Platform
    cluster: Cluster
    pristine: Pristine = field(repr=False)
    applied: Applied
    schema: Schema
    stand_ins: tuple[str, ...]
    compare: Callable[[], Comparison] = field(repr=False)
    next_clone_name: Callable[[], str] = field(repr=False)

    @property
    def name(self) -> str:
        """The tree's name in the configuration."""
        return self.tree.name

    @property
    def comparison(self) -> Comparison:
        """What differs from the reference, less what is allowed; nothing for the reference."""
        return self.compare()

    @property
    def conninfo(self) -> str:
        """Where the built database is, for reading: its transactions are read-only by default.

        Later tests see this same database: to write, use a :meth:`clone` of it.
        """
        self.pristine.keep()
        return self.cluster.conninfo(DATABASE, self.platform.role, options=READING)

    def connect(self, *, autocommit: bool = False) -> psycopg.Connection:
        """A new connection to the built database, as the role that applied the tree.

        Its transactions are read-only, as others see this database too; a :meth:`clone` is for
        writing.
        """
        return _connect(self.conninfo, autocommit)

    def clone(self) -> Clone:
        """A copy of the database as it was built, made in milliseconds; a context manager."""
        name = self.next_clone_name()
        return Clone(self.cluster, self.platform.role, self.pristine.keep(), name)


def _connect(conninfo: str, autocommit: bool) -> psycopg.Connection:
    connection = connect(conninfo)
    connection.autocommit = autocommit
    return connection


@contextmanager
def clones(*trees: BuiltTree) -> Iterator[list[Clone]]:
    """A clone of each tree, made side by side and dropped side by side."""
    with ThreadPoolExecutor(len(trees)) as pool:
        begun = [pool.submit(tree.clone) for tree in trees]
        try:
            yield [making.result() for making in begun]
        finally:
            made = [making.result() for making in begun if making.exception() is None]
            list(pool.map(Clone.close, made))
