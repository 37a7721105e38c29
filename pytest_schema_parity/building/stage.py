"""A tree built once more, on a server of its own, for work that changes it."""

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
    """A tree's database, which may be copied and changed.

    ``read`` reads the facts of a database of its host, by its name, as those of trees are read.
    """

    build: Build
    target: Target
    read: Callable[[str], Schema]


def open_stage(plan: Plan, site: Site, target: Target) -> Stage:
    """Build a tree in the database of a target; what fails is in ``build.failures``."""
    from_platform = site.platform_facts(target, plan.platform)

    def read(database: str) -> Schema:
        with connect(target.host.maintenance_conninfo(database)) as connection:
            schema = read_schema(
                connection,
                platform=plan.platform.name,
                provided=from_platform,
                alone=target.is_alone,
            )
        return plan.adjustments.schema(schema)

    return Stage(build=build(plan, site, target), target=target, read=read)
