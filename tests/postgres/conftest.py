"""The worked example's upgrade: its databases, which several files of tests read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.upgrade import State, stages, state

from pytest_schema_parity.postgres.cluster import Cluster


@pytest.fixture(scope="session")
def upgrade_databases(supabase_cluster: Cluster) -> Iterator[dict[str, str]]:
    """The databases before the first step and after each, by its name; copy them to write."""
    with stages(supabase_cluster, "upgrade") as found:
        yield found


@pytest.fixture(scope="session")
def upgrade_states(
    upgrade_databases: dict[str, str], supabase_cluster: Cluster
) -> dict[str, State]:
    """What each of these databases holds, by the step that was the last."""
    return {
        step: state(supabase_cluster.conninfo(name, user="postgres"))
        for step, name in upgrade_databases.items()
    }
