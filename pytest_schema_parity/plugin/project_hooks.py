"""Calls the project's hooks: they add trees and checks, change facts and accept differences."""

from __future__ import annotations

import inspect
import re
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_schema_parity.checks import registry
from pytest_schema_parity.errors import ConfigError

if TYPE_CHECKING:
    import pluggy

    from pytest_schema_parity.building import BuiltTree
    from pytest_schema_parity.building.adjustments import Adjustments


def added_trees(config: pytest.Config) -> Mapping[str, object]:
    """The tables of the trees that hooks add, by name; raises UsageError."""
    trees: dict[str, object] = {}
    for added in config.hook.pytest_schema_parity_trees(config=config):
        if not isinstance(added, Mapping):
            raise pytest.UsageError(
                f"pytest_schema_parity_trees returned {added!r}: return a mapping of names to "
                'tables like {"path": "migrations"}.'
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
                f"pytest_schema_parity_checks returned {added!r}: return a mapping of names to "
                'functions like {"primary-keys": every_table_has_a_primary_key}.'
            )
        for name, function in added.items():
            if mistake := _mistake_in_name(name, checks) or _mistake_in_check(name, function):
                raise pytest.UsageError(f"pytest_schema_parity_checks: {mistake}.")
            checks[name] = function
    return checks


def _mistake_in_name(name: object, taken: Mapping[str, object]) -> str | None:
    """The mistake in a check's name; None if there is none."""
    if not isinstance(name, str) or not re.fullmatch(r"[\w.-]+", name):
        return f"{name!r} is not a valid name for a check; use letters, digits, '.', '_' and '-'"
    if name in taken or name in registry.every_name():
        return f"there is a check {name!r} already; give yours another name"
    return None


def _mistake_in_check(name: str, function: object) -> str | None:
    """The mistake in a check's function; None if there is none that can be seen."""
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
    """The hooks that change facts and accept differences; None in place of one that is absent."""
    from pytest_schema_parity.building.adjustments import Adjustments

    fact, allow = config.hook.pytest_schema_parity_fact, config.hook.pytest_schema_parity_allow
    return Adjustments(
        fact=(lambda each: _call_hook(config, fact, fact=each)) if fact.get_hookimpls() else None,
        allow=(lambda difference, tree: _call_hook(config, allow, difference=difference, tree=tree))
        if allow.get_hookimpls()
        else None,
    )


def _call_hook(config: pytest.Config, hook: pluggy.HookCaller, **given: object) -> Any:
    """Call a hook; raises ConfigError with file and line for any error that it raises.

    Every check of a tree shows the error, so it is one short line.
    """
    try:
        return hook(**given)
    except (
        Exception
    ) as error:  # a hook is the project's own code: any error is reported with its line
        what = "".join(traceback.format_exception_only(error)).partition("\n")[0]
        place = _location_of(error, hook, config.rootpath)
        raise ConfigError(f"hook {hook.name} raised {what} ({place})") from error


def _location_of(error: Exception, hook: pluggy.HookCaller, root: Path) -> str:
    """``file:line`` of the last traceback entry in a hook's own file."""
    files = {inspect.getfile(inspect.unwrap(each.function)) for each in hook.get_hookimpls()}
    frames = traceback.extract_tb(error.__traceback__)
    last = next((frame for frame in reversed(frames) if frame.filename in files), frames[-1])
    file = Path(last.filename)
    return f"{file.relative_to(root) if file.is_relative_to(root) else file}:{last.lineno}"
