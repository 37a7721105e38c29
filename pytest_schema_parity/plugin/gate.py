"""The gate: what ``pytest --schema-parity`` adds to a run. Registered only when asked for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_schema_parity.plugin.adding import added_checks
from pytest_schema_parity.plugin.items import ConfigurationFile, ParityItem
from pytest_schema_parity.plugin.session import (
    has_local_workers,
    is_controller,
    open_session,
)
from pytest_schema_parity.report.markup import Highlight, Markup, plain
from pytest_schema_parity.report.wording import counted
from pytest_schema_parity.schema.kinds import CHECKS
from pytest_schema_parity.showing import printable

if TYPE_CHECKING:
    from pytest_schema_parity.parity import BuiltTree, Parity

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
    "--schema-parity was asked for, but this run selected no check of a candidate tree. A gate "
    "that checks nothing must not pass: {remedy}, or leave the flag out."
)
CHECKED_NOTHING = (
    "--schema-parity was asked for, but no check of a candidate tree has run. "
    "A gate that checks nothing must not pass."
)


class Gate:
    """The configured trees and their checks, as pytest items anchored on the configuration."""

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
        return ("applies",) if tree == self.reference else (*CHECKS, *self.custom_checks)

    @cached_property
    def ranks(self) -> Mapping[tuple[str, str], int]:
        """The order of all checks, by tree and check."""
        every = [(tree, check) for tree in self.trees for check in self.checks_of(tree)]
        return {each: rank for rank, each in enumerate(every)}

    def counts(self, tree: str, check: str) -> bool:
        """Whether a check makes the run one that checked something.

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
        """Colours pieces of text where a terminal shows them and no JUnit file keeps them."""
        if not self.config.pluginmanager.has_plugin("terminalreporter"):
            return plain
        writer = self.config.get_terminal_writer()
        if not writer.hasmarkup or self.config.getoption("xmlpath", None):
            return plain
        return lambda markup, text: writer.markup(text, **COLOURS[markup])

    def pytest_report_header(self) -> list[str]:
        """Which PostgreSQL, from where, and which trees."""
        lines = [f"schema-parity: {self.parity.site.described}"]
        for name, tree in self.parity.trees.items():
            platform = self.parity.platforms[name]
            role = "reference" if name == self.reference else "candidate"
            files = counted(len(tree.files), "file")
            lines.append(
                f"schema-parity: {role} {name}: {files}, layout {tree.layout}, "
                f"platform {platform.name}"
            )
            lines += (f"    passed over {file}: {why}" for file, why in tree.skipped)
            if lacking := self.parity.site.lacking(platform):
                lines.append(f"    this server has no {', '.join(lacking)}")
        return list(map(printable, lines))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Begin to build, beside the collecting; not where it is open whether a check will run."""
        _ = self.custom_checks  # a mistake in them shows before anything starts
        if only_shows(self.config) or chosen_by_the_cache(self.config):
            return
        if not is_controller(self.config) or has_local_workers(self.config):
            self._start()

    def pytest_collect_file(
        self, file_path: Path, parent: pytest.Collector
    ) -> ConfigurationFile | None:
        """Collect the configuration file, by whatever path pytest came to it."""
        if file_path.suffix != self.file.suffix or file_path.resolve() != self.file:
            return None
        return self._node(parent, file_path)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(
        self, session: pytest.Session, items: list[pytest.Item]
    ) -> None:
        """Add the checks where pytest did not come to their file, before anything is deselected.

        The flag adds them whatever the command line names and whatever pytest ignores.
        """
        if not any(isinstance(item, ParityItem) for item in items):
            for tree in self._node(session, self.file).collect():
                for item in tree.collect():
                    item.ihook.pytest_itemcollected(item=item)
                    items.append(item)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """Build what will be checked; of a run that only shows itself, refuse one without checks.

        What else was selected runs, with workers and without: a run that checked nothing is
        refused at its end, see :meth:`why_nothing_was_checked`.
        """
        checks = [item for item in session.items if isinstance(item, ParityItem)]
        if not only_shows(self.config):
            if checks:
                self._start()
        elif not any(self.counts(item.tree, item.name) for item in checks):
            raise pytest.UsageError(self.why_nothing_was_checked(()))

    def why_nothing_was_checked(self, selected: Iterable[tuple[str, str]]) -> str:
        """What to say, with the remedy, of a run that selected these trees' checks and ran none."""
        if any(self.counts(tree, check) for tree, check in selected):
            return CHECKED_NOTHING
        if choosing := chosen_by_the_cache(self.config):
            remedy = f"run it without {choosing}, which went by what failed last time"
        else:
            remedy = "widen -k, -m, --deselect or the ids that were named"
        return NOTHING_TO_CHECK.format(remedy=remedy)

    def _start(self) -> None:
        """Begin to build, unless the server is yet to come, from a fixture."""
        if self.parity.site.is_ready:
            self.parity.start()

    def _node(self, parent: pytest.Collector, path: Path) -> ConfigurationFile:
        root = self.config.rootpath  # where pytest would leave out which file is meant
        nodeid = None if path.is_relative_to(root) else Path(os.path.relpath(path, root)).as_posix()
        node: ConfigurationFile = ConfigurationFile.from_parent(parent, path=path, nodeid=nodeid)
        node.gate = self
        return node


def only_shows(config: pytest.Config) -> bool:
    """Whether this run was asked to show something, and to run no check."""
    names = ("collectonly", "showfixtures", "show_fixtures_per_test", "setuponly", "setupplan")
    return any(config.getoption(name, False) for name in names)


def chosen_by_the_cache(config: pytest.Config) -> str | None:
    """The option by which pytest's cache chooses what runs, which may be none of the checks."""
    options = {"lf": "--lf", "stepwise": "--sw", "stepwise_skip": "--sw"}
    return next((option for name, option in options.items() if config.getoption(name, False)), None)
