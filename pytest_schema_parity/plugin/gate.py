"""The gate: the configured trees, and which checks each of them has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import pytest

from pytest_schema_parity.checks import registry
from pytest_schema_parity.plugin.adding import added_checks
from pytest_schema_parity.plugin.session import open_session
from pytest_schema_parity.report.markup import Highlight, Markup, plain

if TYPE_CHECKING:
    from pytest_schema_parity.building import BuiltTree
    from pytest_schema_parity.checks.parity import Parity

COLOURS: Mapping[Markup, Mapping[str, bool]] = {
    "heading": {"bold": True},
    "name": {"bold": True},
    "place": {"cyan": True},
    "reference": {"green": True},
    "tree": {"red": True},
    "added": {"green": True},
    "removed": {"red": True},
    "hunk": {"cyan": True},
    "good": {"green": True},
    "bad": {"red": True, "bold": True},
    "note": {"yellow": True},
}
NOTHING_TO_CHECK = (
    "--schema-parity is given, but this run selected no check of a candidate tree. A gate "
    "that checks nothing must not pass: {remedy}, or leave the flag out."
)
CHECKED_NOTHING = (
    "--schema-parity is given, but no check of a candidate tree has run. "
    "A gate that checks nothing must not pass."
)


class Gate:
    """The configured trees, the checks of each, and the order of all of them."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.parity: Parity = open_session(config)
        self.file = self.parity.config.file
        self.reference = self.parity.config.reference
        self.trees = (self.reference, *self.parity.candidates)

    @cached_property
    def custom_checks(self) -> Mapping[str, Callable[[BuiltTree], None]]:
        """The checks that the project and other plugins add."""
        return added_checks(self.config)

    def checks_of(self, tree: str) -> tuple[str, ...]:
        """The checks of a tree, the plugin's own first; of the reference only that it applies."""
        if tree == self.reference:
            return registry.names(of_reference=True)
        return (*registry.names(), *self.custom_checks)

    @property
    def check_order(self) -> tuple[str, ...]:
        """All checks, in the order in which they are shown."""
        return (*registry.names(), *self.custom_checks)

    @cached_property
    def ranks(self) -> Mapping[tuple[str, str], int]:
        """The order of all checks, by tree and check."""
        every = [(tree, check) for tree in self.trees for check in self.checks_of(tree)]
        return {each: rank for rank, each in enumerate(every)}

    def counts(self, tree: str, check: str) -> bool:
        """Whether running this check counts as having checked something.

        That the reference applies tells nothing of parity; it counts only where its id was named.
        """
        return tree != self.reference or any(
            argument.endswith(f"::{tree}::{check}") for argument in self.config.args
        )

    def line_of(self, tree: str) -> int:
        """The line of a tree's table in the configuration file, from 1."""
        return self.parity.config.trees[tree].line

    @cached_property
    def highlight(self) -> Highlight:
        """The function that colours text: on a terminal, and without a JUnit file."""
        if not self.config.pluginmanager.has_plugin("terminalreporter"):
            return plain
        writer = self.config.get_terminal_writer()
        if not writer.hasmarkup or self.config.getoption("xmlpath", None):
            return plain
        return lambda markup, text: writer.markup(text, **COLOURS[markup])

    def why_nothing_was_checked(self, selected: Iterable[tuple[str, str]]) -> str:
        """The error message for a run that selected these checks and ran none, with the remedy."""
        if any(self.counts(tree, check) for tree, check in selected):
            return CHECKED_NOTHING
        if choosing := chosen_by_the_cache(self.config):
            remedy = f"run it without {choosing}, which selected only what failed last time"
        else:
            remedy = "widen -k, -m, --deselect or the ids that were named"
        return NOTHING_TO_CHECK.format(remedy=remedy)


def only_shows(config: pytest.Config) -> bool:
    """Whether this run only shows something (``--collect-only``, …) and runs no check."""
    names = ("collectonly", "showfixtures", "show_fixtures_per_test", "setuponly", "setupplan")
    return any(config.getoption(name, False) for name in names)


def chosen_by_the_cache(config: pytest.Config) -> str | None:
    """The option that lets pytest's cache choose the tests (``--lf``, ``--sw``), else None."""
    options = {"lf": "--lf", "stepwise": "--sw", "stepwise_skip": "--sw"}
    return next((option for name, option in options.items() if config.getoption(name, False)), None)
