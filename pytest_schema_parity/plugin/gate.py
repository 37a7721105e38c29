"""The gate (the checks that --schema-parity adds to a run): its trees and their checks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import pytest

from pytest_schema_parity.checks import registry
from pytest_schema_parity.plugin.project_hooks import added_checks
from pytest_schema_parity.plugin.session import open_session
from pytest_schema_parity.report.markup import Highlight, Markup, plain
from pytest_schema_parity.showing import did_you_mean, printable

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
    "--schema-parity is given, but this run selected no check of a candidate tree. At least "
    "one has to run: {remedy}, or leave the flag out."
)
CHECKED_NOTHING = (
    "--schema-parity is given, but no check of a candidate tree has run. At least one has to run."
)


class Gate:
    """The configured trees, the checks of each, and the order of all of them."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.parity: Parity = open_session(config)
        self.file = self.parity.config.file
        self.reference = self.parity.config.reference
        self.trees = self.parity.subjects

    @cached_property
    def custom_checks(self) -> Mapping[str, Callable[[BuiltTree], None]]:
        """The checks that the project and other plugins add."""
        return added_checks(self.config)

    def checks_of(self, tree: str) -> tuple[str, ...]:
        """The checks of a tree or a rehearsal, the plugin's own first, those of a project last."""
        custom = self.custom_checks if self.parity.role_of(tree) == "candidate" else ()
        return (*self.parity.checks_of(tree), *custom)

    @property
    def check_order(self) -> tuple[str, ...]:
        """All checks, in the order in which they are shown."""
        return (*registry.every_name(), *self.custom_checks)

    @cached_property
    def ranks(self) -> Mapping[tuple[str, str], int]:
        """The order of all checks, by tree and check."""
        every = [(tree, check) for tree in self.trees for check in self.checks_of(tree)]
        return {each: rank for rank, each in enumerate(every)}

    def refuse_unknown_id(self, argument: str) -> None:
        """Raise UsageError for an id of the command line with an unknown tree or check.

        Ids look like ``pyproject.toml::supabase::rows``.
        """
        file, *names = argument.split("::")
        if not names or (self.config.invocation_params.dir / file).resolve() != self.file:
            return
        tree, *checks = names
        wrong = ""
        if tree not in self.trees:
            wrong = f'there is no tree or rehearsal "{tree}"; {did_you_mean(tree, self.trees)}'
        elif checks and checks[0] not in (known := self.checks_of(tree)):
            wrong = f'{tree} has no check "{checks[0]}"; {did_you_mean(checks[0], known)}'
        if wrong:
            raise pytest.UsageError(printable(f"{argument}: {wrong}"))

    def counts(self, tree: str, check: str) -> bool:
        """Whether running this check counts as having checked something.

        Checks of a candidate or a rehearsal do.  A check of the reference, or of a tree that is not
        compared, does only if its id is on the command line.
        """
        return self.parity.role_of(tree) in ("candidate", "rehearsal") or any(
            argument.endswith(f"::{tree}::{check}") for argument in self.config.args
        )

    def line_of(self, tree: str) -> int:
        """The line of the table of a tree or a rehearsal in the configuration file, from 1."""
        return self.parity.config.line_of(tree)

    def reference_of(self, tree: str) -> str:
        """The tree that a tree or a rehearsal is to match."""
        rehearsed = self.parity.rehearsals.get(tree)
        return self.reference if rehearsed is None else rehearsed.config.target

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
            remedy = "select more with -k, -m and --deselect, or name other ids"
        return NOTHING_TO_CHECK.format(remedy=remedy)


def only_shows(config: pytest.Config) -> bool:
    """Whether this run only shows something (``--collect-only``, …) and runs no check."""
    names = ("collectonly", "showfixtures", "show_fixtures_per_test", "setuponly", "setupplan")
    return any(config.getoption(name, False) for name in names)


def chosen_by_the_cache(config: pytest.Config) -> str | None:
    """The option that lets pytest's cache choose the tests (``--lf``, ``--sw``), else None."""
    options = {"lf": "--lf", "stepwise": "--sw", "stepwise_skip": "--sw"}
    return next((option for name, option in options.items() if config.getoption(name, False)), None)
