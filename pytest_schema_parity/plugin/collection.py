"""Adds the gate's checks to the collection, prints the header, and starts the builds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytest_schema_parity.findings.wording import counted
from pytest_schema_parity.plugin.gate import Gate, chosen_by_the_cache, only_shows
from pytest_schema_parity.plugin.items import ConfigurationFile, ParityItem
from pytest_schema_parity.plugin.session import has_local_workers, is_controller
from pytest_schema_parity.showing import printable


class Collection:
    """The hooks that add the gate's checks to a run, anchored on the configuration file."""

    def __init__(self, config: pytest.Config, gate: Gate) -> None:
        self.config = config
        self.gate = gate

    def pytest_report_header(self) -> list[str]:
        """Show which PostgreSQL is used, where it comes from, and the trees."""
        trees = self.gate.parity.trees
        lines = [f"schema-parity: {trees.site.described}"]
        for name, tree in trees.trees.items():
            platform = trees.platforms[name]
            role = self.gate.parity.role_of(name)
            files = counted(len(tree.files), "file")
            lines.append(
                f"schema-parity: {role} {name}: {files}, layout {tree.layout}, "
                f"platform {platform.name}"
            )
            lines += (f"    skipped {file}: {why}" for file, why in tree.skipped)
            if lacking := trees.site.lacking(platform):
                lines.append(f"    this server has no {', '.join(lacking)}")
        for name, rehearsed in self.gate.parity.rehearsals.items():
            steps, config = counted(len(rehearsed.steps), "step"), rehearsed.config
            lines.append(f"schema-parity: {name}: {steps} from {config.source} to {config.target}")
            if others := rehearsed.other_files:
                lines.append(f"    no steps: {', '.join(path.name for path in others)}")
        return list(map(printable, lines))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Start the builds during collection, if it is certain that a check will run."""
        _ = self.gate.custom_checks  # a mistake in them shows before anything starts
        for argument in self.config.args:
            self.gate.refuse_unknown_id(argument)
        if only_shows(self.config) or chosen_by_the_cache(self.config):
            return
        if not is_controller(self.config) or has_local_workers(self.config):
            self._start()

    def pytest_collect_file(
        self, file_path: Path, parent: pytest.Collector
    ) -> ConfigurationFile | None:
        """Collect the configuration file, whichever path pytest found it by."""
        if file_path.suffix != self.gate.file.suffix or file_path.resolve() != self.gate.file:
            return None
        return self._node(parent, file_path)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(
        self, session: pytest.Session, items: list[pytest.Item]
    ) -> None:
        """Add the checks, unless pytest collected their file, before it deselects any.

        The flag adds them whatever the command line names and whatever pytest ignores.
        """
        if not any(isinstance(item, ParityItem) for item in items):
            for tree in self._node(session, self.gate.file).collect():
                for item in tree.collect():
                    item.ihook.pytest_itemcollected(item=item)
                    items.append(item)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """Start the builds; refuse a run with ``--collect-only`` and the like without checks.

        What else was selected runs, with workers and without: a run that checked nothing is
        refused at its end, see :meth:`Gate.why_nothing_was_checked`.
        """
        checks = [item for item in session.items if isinstance(item, ParityItem)]
        if not only_shows(self.config):
            if checks:
                self._start()
        elif not any(self.gate.counts(item.tree, item.name) for item in checks):
            raise pytest.UsageError(self.gate.why_nothing_was_checked(()))

    def _start(self) -> None:
        """Start the builds, unless a fixture is still to provide the server."""
        if self.gate.parity.trees.site.is_ready:
            self.gate.parity.trees.scheduler.start()

    def _node(self, parent: pytest.Collector, path: Path) -> ConfigurationFile:
        root = self.config.rootpath  # where pytest would leave out which file is meant
        nodeid = None if path.is_relative_to(root) else Path(os.path.relpath(path, root)).as_posix()
        node: ConfigurationFile = ConfigurationFile.from_parent(parent, path=path, nodeid=nodeid)
        node.gate = self.gate
        return node
