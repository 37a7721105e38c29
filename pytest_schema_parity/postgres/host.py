"""The server that trees are built on: a cluster of our own, or an external server."""

from __future__ import annotations

from typing import Protocol

from pytest_schema_parity.postgres.conninfo import Conninfo


class Host(Protocol):
    """A server on which we create, copy and drop our own databases.

    A client connects with ``host`` (a name, or the directory of a socket), ``port``, ``superuser``
    and ``password``.  Databases are created in a session in ``maintenance_database``, copied with
    the STRATEGY ``strategy``, and get the comment ``mark`` if the server has other databases, too.
    """

    @property
    def host(self) -> str: ...  # noqa: D102
    @property
    def port(self) -> int: ...  # noqa: D102
    @property
    def superuser(self) -> str: ...  # noqa: D102
    @property
    def password(self) -> str | None: ...  # noqa: D102
    @property
    def maintenance_database(self) -> str: ...  # noqa: D102
    @property
    def strategy(self) -> str: ...  # noqa: D102
    @property
    def mark(self) -> str | None: ...  # noqa: D102

    def conninfo(self, dbname: str, user: str | None = None, *, options: str = "") -> Conninfo:
        """A connection string for a database; the default user is the superuser."""

    def maintenance_conninfo(self, dbname: str) -> Conninfo:
        """A connection string for our own sessions: settings of a tree do not apply to them."""

    def stop(self) -> None:
        """Stop our cluster, or drop our databases; a second call does nothing."""

    def leave(self) -> None:
        """Stop, unless other processes are attached."""

    def keep(self) -> None:
        """Leave cluster and databases in place."""
