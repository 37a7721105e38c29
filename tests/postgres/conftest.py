"""The worked example's upgrade, which several files read, and short limits for what has no end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.upgrade import State, stages, state

from pytest_schema_parity.postgres.cluster import Cluster

STATEMENTS = "pytest_schema_parity.behavior.statements"


@pytest.fixture
def short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The search cancels what takes too long every 0.3 seconds, and gives up soon.

    What is too long stays as it is: under load a statement may well take half a second.
    """
    for module in (f"{STATEMENTS}.side_runner", "pytest_schema_parity.postgres.cancelling"):
        monkeypatch.setattr(f"{module}.GRACE", 0.3)
    monkeypatch.setattr("pytest_schema_parity.postgres.cancelling.CANCEL_INTERVAL", 0.3)


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
