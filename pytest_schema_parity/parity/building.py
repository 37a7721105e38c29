"""Building a tree: a cluster of its own, the files applied, what they made read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Self

from pytest_schema_parity.catalog import read_schema
from pytest_schema_parity.migrations.apply import Applied, Failure, apply_tree
from pytest_schema_parity.migrations.origins import Marks
from pytest_schema_parity.migrations.tree import Tree
from pytest_schema_parity.parity.pristine import pristine_schema
from pytest_schema_parity.platforms import Platform, installed_stand_ins
from pytest_schema_parity.postgres.address import connect
from pytest_schema_parity.postgres.cluster import Cluster, borrow_cluster, start_cluster
from pytest_schema_parity.postgres.databases import clone_database
from pytest_schema_parity.postgres.installation import Installation
from pytest_schema_parity.schema.facts import Schema

DATABASE: Final = "postgres"
"""The database that a tree is applied to, in a cluster of its own."""
PRISTINE: Final = "schema_parity_pristine"
"""A copy of it that nobody can connect to, so that it can always be copied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is needed to build a tree.

    ``statement_timeout`` is in seconds; ``ended`` says whether nobody waits for it any more.
    """

    tree: Tree
    platform: Platform
    installation: Installation
    statement_timeout: float | None
    ended: Callable[[], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """What building a tree came to: a value, which may be handed to another process.

    ``socket_directory`` and ``superuser`` say where its cluster is; ``database`` is what copies
    are made of.
    """

    applied: Applied
    schema: Schema
    stand_ins: tuple[str, ...]
    socket_directory: Path
    superuser: str
    database: str = DATABASE

    @property
    def failures(self) -> tuple[Failure, ...]:
        """What failed while its files were applied."""
        return self.applied.failures

    @property
    def is_empty(self) -> bool:
        """Whether its files made nothing at all: then there is nothing to be at parity with."""
        return all(fact.provided for fact in self.schema)

    def borrow(self, installation: Installation) -> Cluster:
        """The cluster, which another process started; raises ServerError if it has ended."""
        return borrow_cluster(installation, superuser=self.superuser, path=self.socket_directory)

    def shareable(self, cluster: Cluster) -> Self:
        """The same, for many: copies do not depend on who is connected to the tree's database."""
        clone_database(cluster, DATABASE, PRISTINE, closed=True)
        return replace(self, database=PRISTINE)


def start(plan: Plan, notices: Path | None = None) -> Cluster:
    """A cluster for a tree, with its platform; raises ServerError."""
    template = plan.platform.template(plan.installation)
    return start_cluster(plan.installation, template=template, name=plan.tree.name, notices=notices)


def build(plan: Plan, cluster: Cluster) -> Build:
    """Apply a tree's files to its cluster, and read what they made.  Raises ServerError."""
    pristine = pristine_schema(cluster, plan.platform.template(plan.installation), DATABASE)
    applied = apply_tree(
        plan.tree,
        cluster.conninfo(DATABASE, user=plan.platform.role),
        statement_timeout=plan.statement_timeout,
        housekeeping=cluster.housekeeping(DATABASE),
        ended=plan.ended,
    )
    with connect(cluster.housekeeping(DATABASE)) as connection:
        schema = read_schema(
            connection,
            marks=applied.marks.place,
            platform=plan.platform.name,
            provided=pristine,
        )
        stand_ins = installed_stand_ins(connection)
    return Build(
        applied=replace(applied, marks=Marks()),  # they have told all that they know
        schema=schema,
        stand_ins=stand_ins,
        socket_directory=cluster.socket_directory,
        superuser=cluster.superuser,
    )
