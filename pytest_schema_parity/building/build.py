"""Build one tree: apply its files to its database, and read the catalog."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace

from pytest_schema_parity.building.adjustments import Adjustments
from pytest_schema_parity.building.targets import Site, Target
from pytest_schema_parity.building.unavailable import explain_unavailable
from pytest_schema_parity.catalog import read_schema
from pytest_schema_parity.migrations.apply import Applied, Failure, apply_tree
from pytest_schema_parity.migrations.origins import Marks
from pytest_schema_parity.migrations.tree import Tree
from pytest_schema_parity.platforms import Platform, installed_stand_ins
from pytest_schema_parity.postgres.address import connect
from pytest_schema_parity.schema.facts import Schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The inputs for building a tree.

    ``statement_timeout`` is in seconds; ``ended`` returns whether the run has ended; ``progress``
    is called with what is being done.
    """

    tree: Tree
    platform: Platform
    statement_timeout: float | None
    adjustments: Adjustments
    ended: Callable[[], bool]
    progress: Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """The result of building a tree, which can be pickled for another process."""

    applied: Applied
    schema: Schema
    stand_ins: tuple[str, ...]

    @property
    def failures(self) -> tuple[Failure, ...]:
        """The statements and files that failed."""
        return self.applied.failures

    @property
    def is_empty(self) -> bool:
        """Whether its files created no objects."""
        return all(fact.provided for fact in self.schema)


def build(plan: Plan, site: Site, target: Target) -> Build:
    """Apply a tree's files to its database, and read its catalog.  Raises ServerError."""
    from_platform = site.platform_facts(target, plan.platform)
    maintenance = target.host.maintenance_conninfo(target.database)
    files = itertools.count(1)
    with site.build_lock():
        applied = apply_tree(
            plan.tree,
            target.host.conninfo(target.database, user=target.role),
            statement_timeout=plan.statement_timeout,
            maintenance=maintenance,
            trusted=plan.platform.is_trusted,
            ended=plan.ended,
            progress=lambda _: plan.progress(f"file {next(files)} of {len(plan.tree.files)}"),
        )
    plan.progress("reading the catalog")
    with connect(maintenance) as connection:
        schema = read_schema(
            connection,
            marks=applied.marks.place,
            platform=plan.platform.name,
            provided=from_platform,
            alone=target.is_alone,
        )
        stand_ins = installed_stand_ins(connection)
    failures = applied.failures
    offered = site.stand_ins(plan.platform)
    if offered is not None:
        failures = tuple(explain_unavailable(failure, offered) for failure in failures)
    return Build(
        # The places are read: they need not travel.
        applied=replace(applied, marks=Marks(), failures=failures),
        schema=plan.adjustments.schema(schema),
        stand_ins=stand_ins,
    )
