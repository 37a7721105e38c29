"""A stage: a second build of a tree, on its own server, which may be changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pytest_schema_parity.building.build import Build, Plan, build
from pytest_schema_parity.building.targets import Site, Target
from pytest_schema_parity.catalog import read_schema
from pytest_schema_parity.postgres.address import connect
from pytest_schema_parity.schema.facts import Schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A second build of a tree, whose database may be copied and changed.

    ``read`` takes the name of a database on its server and returns its facts, after the hooks.
    """

    build: Build
    target: Target
    read: Callable[[str], Schema]


def open_stage(plan: Plan, site: Site, target: Target) -> Stage:
    """Build a tree in the database of a target; ``build.failures`` has the failures."""
    from_platform = site.platform_facts(target, plan.platform)

    def read(database: str) -> Schema:
        """Read the facts of a database as those of trees are read."""
        with connect(target.host.maintenance_conninfo(database)) as connection:
            schema = read_schema(
                connection,
                platform=plan.platform.name,
                provided=from_platform,
                alone=target.is_alone,
            )
        return plan.adjustments.schema(schema)

    return Stage(build=build(plan, site, target), target=target, read=read)
