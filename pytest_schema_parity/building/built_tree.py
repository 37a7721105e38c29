"""A built tree, which is only read, and copies of its database for writing."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from types import TracebackType
from typing import Final, Self

import psycopg

from pytest_schema_parity.building.build import Build
from pytest_schema_parity.building.targets import Target
from pytest_schema_parity.migrations.apply import Applied
from pytest_schema_parity.migrations.tree import Tree
from pytest_schema_parity.postgres.address import connect
from pytest_schema_parity.postgres.conninfo import Conninfo
from pytest_schema_parity.postgres.databases import clone_database, drop_database
from pytest_schema_parity.schema.difference import Comparison
from pytest_schema_parity.schema.facts import Schema

NO_TIMEOUTS: Final = "-c idle_session_timeout=0 -c idle_in_transaction_session_timeout=0"
"""Disables the timeouts of a platform's roles: somebody may debug a test for hours."""
READ_ONLY_OPTIONS: Final = f"{NO_TIMEOUTS} -c default_transaction_read_only=on"
READ_WRITE_OPTIONS: Final = f"{NO_TIMEOUTS} -c default_transaction_read_only=off"


class Template:
    """The database from which clones of a tree are copied.

    At first it is the tree's own.  PostgreSQL refuses to copy a database while clients are
    connected to it, so after the first connection it is a copy that accepts no connections.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self._lock = Lock()
        self._name = target.template
        self._numbers = itertools.count(1)

    def release(self) -> None:
        """Call this before a connection to the tree's database: clones come from a copy then."""
        with self._lock:
            if self._name == self._target.database:
                self._name = self._target.shareable().template

    def copy(self, name: str | None = None) -> str:
        """Make a copy; return its name, which is generated if none is given."""
        with self._lock:
            name = name or f"{self._target.prefix}clone_{os.getpid()}_{next(self._numbers)}"
            clone_database(self._target.host, self._name, name)
            return name


class Clone:
    """A copy of a built tree's database, for writing; dropped when it is closed."""

    def __init__(self, target: Target, name: str) -> None:
        self._target = target
        self.name = name

    @property
    def conninfo(self) -> Conninfo:
        """The connection string of the copy."""
        return self._target.host.conninfo(
            self.name, user=self._target.role, options=READ_WRITE_OPTIONS
        )

    def connect(self, *, autocommit: bool = False) -> psycopg.Connection:
        """A new connection to the copy, as the role that applied the tree."""
        return _open_connection(self.conninfo, autocommit)

    def close(self) -> None:
        """Drop the copy, also if clients are connected; a second call does nothing.

        Raises ServerError.
        """
        drop_database(self._target.host, self.name, force=True)

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
    """A tree whose files were applied to its own database, and whose catalog was read.

    A project's own checks and the fixture ``schema_parity`` receive it.  ``target`` has the
    database and its server, ``build`` the result of building it.
    """

    tree: Tree
    target: Target
    build: Build
    compare: Callable[[], Comparison] = field(repr=False)
    template: Template = field(repr=False)

    @property
    def name(self) -> str:
        """The tree's name in the configuration."""
        return self.tree.name

    @property
    def schema(self) -> Schema:
        """The facts that its files created, and those of the platform that they changed."""
        return self.build.schema

    @property
    def applied(self) -> Applied:
        """The files that were applied, and what failed."""
        return self.build.applied

    @property
    def stand_ins(self) -> tuple[str, ...]:
        """The extensions that were replaced by stand-ins written in SQL."""
        return self.build.stand_ins

    @property
    def comparison(self) -> Comparison:
        """The differences from the reference that are not allowed; empty for the reference."""
        return self.compare()

    @property
    def conninfo(self) -> Conninfo:
        """The connection string of the built database, for reading; see :meth:`clone`."""
        self.template.release()
        return self.target.host.conninfo(
            self.target.database, user=self.target.role, options=READ_ONLY_OPTIONS
        )

    def connect(self, *, autocommit: bool = False) -> psycopg.Connection:
        """A new connection to the built database, as the role that applied the tree.

        Its transactions are read-only: every test sees the tree as it was built.
        """
        return _open_connection(self.conninfo, autocommit)

    def clone(self, name: str | None = None) -> Clone:
        """A copy of the built database, made in milliseconds, for writing; a context manager."""
        return Clone(self.target, self.template.copy(name))


def _open_connection(conninfo: Conninfo, autocommit: bool) -> psycopg.Connection:
    connection = connect(conninfo)
    connection.autocommit = autocommit
    return connection


@contextmanager
def clones(*trees: BuiltTree) -> Iterator[list[Clone]]:
    """A clone of each tree; they are created, and dropped, in parallel."""
    with ThreadPoolExecutor(len(trees)) as pool:
        begun = [pool.submit(tree.clone) for tree in trees]
        try:
            yield [making.result() for making in begun]
        finally:
            made = [making.result() for making in begun if making.exception() is None]
            list(pool.map(Clone.close, made))
