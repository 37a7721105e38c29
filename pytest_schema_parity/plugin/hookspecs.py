"""The hooks that this plugin calls, for a project's ``conftest.py`` and for other plugins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_schema_parity.parity import BuiltTree


@pytest.hookspec
def pytest_schema_parity_checks(
    config: pytest.Config,
) -> Mapping[str, Callable[[BuiltTree], None]] | None:
    """Add checks of a project's own: a name, and a callable that is given each candidate tree.

    The callable asserts what it wants; each name becomes an item of each candidate,
    ``pyproject.toml::supabase::<name>``, beside the plugin's own.  A name of the plugin's own, or
    one that two plugins give, is a usage error.
    """
