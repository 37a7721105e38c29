"""The hooks that this plugin calls, for a project's ``conftest.py`` and for other plugins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal

import pytest

if TYPE_CHECKING:
    from pytest_schema_parity.parity import BuiltTree
    from pytest_schema_parity.schema.difference import Difference
    from pytest_schema_parity.schema.facts import Fact


@pytest.hookspec
def pytest_schema_parity_trees(
    config: pytest.Config,
) -> Mapping[str, Mapping[str, object]] | None:
    """Add trees: by name, the keys that ``[tool.pytest-schema-parity.trees.NAME]`` would have.

    ::

        def pytest_schema_parity_trees(config):
            return {"orm": {"path": write_schema_of_the_orm()}}

    Paths are relative to the configuration file; the value of a key may be a path.  A tree that is
    added this way can be the reference.  A name that is taken is a usage error.
    """


@pytest.hookspec(firstresult=True)
def pytest_schema_parity_fact(fact: Fact) -> Fact | Literal[False] | None:
    """Change or drop one fact of any tree, before anything is compared.

    Return another :class:`~pytest_schema_parity.schema.facts.Fact` to have it instead
    (``dataclasses.replace(fact, attributes=…)``), ``False`` to drop it and all that hangs below it,
    or ``None`` to leave it to the next hook.  Facts that the platform brought do not come by.
    """


@pytest.hookspec(firstresult=True)
def pytest_schema_parity_allow(difference: Difference, tree: str) -> str | None:
    """Accept one difference of a candidate tree: return the reason, or ``None`` to let it stand.

    It is asked for those that no ``[[allow]]`` covers.  What it accepts is counted and reported as
    allowed, with the reason.
    """


@pytest.hookspec
def pytest_schema_parity_checks(
    config: pytest.Config,
) -> Mapping[str, Callable[[BuiltTree], None]] | None:
    """Add checks of a project's own: a name, and a callable that is given each candidate tree.

    The callable asserts what it wants; each name becomes an item of each candidate,
    ``pyproject.toml::supabase::<name>``, beside the plugin's own.  A name of the plugin's own, or
    one that two plugins give, is a usage error.
    """
