"""What the project's own hooks add: trees, and adjustments of what is compared and accepted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_schema_parity.parity.adjusting import Adjustments


def added_trees(config: pytest.Config) -> Mapping[str, object]:
    """The tables of the trees that hooks add, by name; raises UsageError."""
    trees: dict[str, object] = {}
    for added in config.hook.pytest_schema_parity_trees(config=config):
        if not isinstance(added, Mapping):
            raise pytest.UsageError(
                f"pytest_schema_parity_trees gave {added!r}: return a mapping of names to tables "
                'like {"path": "migrations"}.'
            )
        for name, table in added.items():
            if name in trees:
                raise pytest.UsageError(
                    f"pytest_schema_parity_trees: two hooks give a tree {name!r}; rename one."
                )
            trees[name] = table
    return trees


def adjustments_of(config: pytest.Config) -> Adjustments:
    """The hooks that adjust facts and accept differences, where there are any."""
    from pytest_schema_parity.parity.adjusting import Adjustments

    fact, allow = config.hook.pytest_schema_parity_fact, config.hook.pytest_schema_parity_allow
    return Adjustments(
        fact=(lambda each: fact(fact=each)) if fact.get_hookimpls() else None,
        allow=(lambda difference, tree: allow(difference=difference, tree=tree))
        if allow.get_hookimpls()
        else None,
    )
