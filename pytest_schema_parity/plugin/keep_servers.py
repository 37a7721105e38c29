"""The lines that ``--schema-parity-keep`` prints: how to connect, and how to stop."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from pytest_schema_parity.plugin.session import kept_trees
from pytest_schema_parity.postgres.cluster import Cluster

if TYPE_CHECKING:
    from pytest_schema_parity.building import BuiltTree

NO_SERVERS: str = (
    "no servers: this process built no tree. With pytest -n, tests that use the fixtures build "
    "in their workers; run them without -n."
)


def kept_lines(config: pytest.Config) -> Iterator[str]:
    """A psql command for each tree, and a command that stops their servers."""
    built = kept_trees(config)
    if not built:
        yield NO_SERVERS
    for tree in built:
        yield f"{tree.name}: {psql(tree)}"
    hosts = [tree.target.host for tree in built]
    ours = [str(host.postmaster_pid) for host in hosts if isinstance(host, Cluster)]
    if ours:
        yield f"To stop and remove the servers: kill -INT {' '.join(ours)}"
    elif built:
        yield "The next run that uses this server drops these databases."


def psql(tree: BuiltTree) -> str:
    """A command for a shell that opens a tree's database, as the role that applied it."""
    host = tree.target.host
    where = {
        "-h": host.host,
        "-p": str(host.port),
        "-U": tree.target.role,
        "-d": tree.target.database,
    }
    return f"psql {' '.join(f'{option} {shlex.quote(value)}' for option, value in where.items())}"
