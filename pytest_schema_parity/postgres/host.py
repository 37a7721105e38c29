"""What trees are built on: a cluster of ours, or databases of ours on a server that was lent."""

from __future__ import annotations

from typing import Protocol

from pytest_schema_parity.postgres.conninfo import Conninfo


class Host(Protocol):
    """Where databases are made, copied and dropped; each of them is one that we made.

    ``host`` (a socket's directory, or a name), ``port``, ``superuser`` and ``password`` are what a
    client needs.  ``maintenance`` is the database to connect to for making others, ``strategy``
    how they are copied, and ``mark`` the comment that they get where not all databases are ours.
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
    def maintenance(self) -> str: ...  # noqa: D102
    @property
    def strategy(self) -> str: ...  # noqa: D102
    @property
    def mark(self) -> str | None: ...  # noqa: D102

    def conninfo(self, dbname: str, user: str | None = None, *, options: str = "") -> Conninfo:
        """A connection string; without a user it is the superuser's."""

    def maintenance_conninfo(self, dbname: str) -> Conninfo:
        """A connection string for our own work, which nothing that a tree sets changes."""

    def stop(self) -> None:
        """End what of it is ours; again, it does nothing."""

    def leave(self) -> None:
        """Stop, unless other processes use it still."""

    def keep(self) -> None:
        """Let go of it, and end nothing."""
