"""What the project's own hooks add: trees, checks, and adjustments of what is compared."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import pytest

from pytest_schema_parity.schema.kinds import CHECKS

if TYPE_CHECKING:
    from pytest_schema_parity.parity import BuiltTree
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


def added_checks(config: pytest.Config) -> Mapping[str, Callable[[BuiltTree], None]]:
    """The checks that hooks add, by name; raises UsageError."""
    checks: dict[str, Callable[[BuiltTree], None]] = {}
    for added in config.hook.pytest_schema_parity_checks(config=config):
        if not isinstance(added, Mapping):
            raise pytest.UsageError(
                f"pytest_schema_parity_checks gave {added!r}: return a mapping of names to "
                'functions like {"primary-keys": every_table_has_a_primary_key}.'
            )
        for name, function in added.items():
            if mistake := _mistake_in_name(name, checks) or _mistake_in_check(name, function):
                raise pytest.UsageError(f"pytest_schema_parity_checks: {mistake}.")
            checks[name] = function
    return checks


def _mistake_in_name(name: object, taken: Mapping[str, object]) -> str | None:
    """Why a check cannot have this name; None if it can."""
    if not isinstance(name, str) or not re.fullmatch(r"[\w.-]+", name):
        return f"{name!r} is no name for a check; use letters, digits, '.', '_' and '-'"
    if name in taken or name in CHECKS:
        return f"there is a check {name!r} already; give yours another name"
    return None


def _mistake_in_check(name: str, function: object) -> str | None:
    """Why this cannot be called with a tree; None if it can be, or nobody knows."""
    if not callable(function):
        return f"the check {name!r} is {function!r}; give a function that takes a built tree"
    try:
        inspect.signature(function).bind(object())
    except TypeError as error:
        return f"the check {name!r} cannot be called with one built tree: {error}"
    except ValueError:  # of a callable that is not written in Python
        return None
    return None


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
