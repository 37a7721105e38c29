"""The gate: what ``pytest --schema-parity`` adds to a run. Registered only when asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_schema_parity.plugin.items import ConfigurationFile, ParityItem
from pytest_schema_parity.plugin.session import open_session
from pytest_schema_parity.report.markup import Highlight, Markup, plain
from pytest_schema_parity.report.wording import counted
from pytest_schema_parity.schema.kinds import CHECKS

if TYPE_CHECKING:
    from pytest_schema_parity.build import BuiltTree, Parity

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
    "--schema-parity was asked for, but this run selected none of its checks. A gate that checks "
    "nothing must not pass: widen -k, -m, --deselect or the ids that were named, or leave the "
    "flag out."
)


class Gate:
    """The configured trees and their checks, as pytest items anchored on the configuration."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.parity: Parity = open_session(config)
        self.file = self.parity.config.file
        self.reference = self.parity.config.reference
        self.trees = (self.reference, *self.parity.candidates)
        also_collect(config, self.file)

    @cached_property
    def custom_checks(self) -> Mapping[str, Callable[[BuiltTree], None]]:
        """The checks that the project and other plugins add."""
        checks: dict[str, Callable[[BuiltTree], None]] = {}
        for added in self.config.hook.pytest_schema_parity_checks(config=self.config):
            for name, function in added.items():
                if name in checks or name in CHECKS:
                    raise pytest.UsageError(
                        f"pytest_schema_parity_checks: there is a check {name!r} already; "
                        "give yours another name."
                    )
                checks[name] = function
        return checks

    def checks_of(self, tree: str) -> tuple[str, ...]:
        """The plugin's own checks of a tree; of the reference only that its files apply."""
        return ("applies",) if tree == self.reference else CHECKS

    def line_of(self, tree: str) -> int:
        """The line of a tree's table in the configuration file, from 1."""
        return self.parity.config.trees[tree].line

    @cached_property
    def highlight(self) -> Highlight:
        """Colours pieces of text where a terminal shows them and no JUnit file keeps them."""
        writer = self.config.get_terminal_writer()
        if not writer.hasmarkup or self.config.getoption("xmlpath", None):
            return plain
        return lambda markup, text: writer.markup(text, **COLOURS[markup])

    def pytest_report_header(self) -> list[str]:
        """Which PostgreSQL, from where, and which trees."""
        server = self.parity.installation
        lines = [f"schema-parity: PostgreSQL {server.version} ({server.source}: {server.bindir})"]
        for name, tree in self.parity.trees.items():
            platform = self.parity.platforms[name]
            role = "reference" if name == self.reference else "candidate"
            files = counted(len(tree.files), "file")
            lines.append(
                f"schema-parity: {role} {name}: {files}, layout {tree.layout}, "
                f"platform {platform.name}"
            )
            lines += (f"    passed over {file}: {why}" for file, why in tree.skipped)
            if lacking := platform.lacking(server):
                lines.append(f"    this server has no {', '.join(lacking)}")
        return lines

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self) -> None:
        """Begin to build, beside the collecting; not where it is open whether a check will run."""
        if not (
            self.config.option.collectonly
            or is_controller(self.config)
            or chosen_by_the_cache(self.config)
        ):
            self.parity.start()

    def pytest_collect_file(
        self, file_path: Path, parent: pytest.Collector
    ) -> ConfigurationFile | None:
        """Collect the configuration file, by whatever path pytest came to it."""
        if file_path != self.file:
            return None
        node: ConfigurationFile = ConfigurationFile.from_parent(parent, path=file_path)
        node.gate = self
        return node

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Refuse a run that was asked for parity and would check nothing."""
        if is_controller(self.config) or chosen_by_the_cache(self.config):
            return
        if not any(isinstance(item, ParityItem) for item in session.items):
            raise pytest.UsageError(NOTHING_TO_CHECK)
        if not self.config.option.collectonly:
            self.parity.start()


def also_collect(config: pytest.Config, file: Path) -> None:
    """Collect this file too, whatever the command line names.

    ``config.args`` is where pytest keeps the paths it collects; it is no documented API, so it is
    touched here and nowhere else.  A file that is named already stays as it is, whole or in part,
    and so does one that a named directory holds: pytest 8 loses tests where two paths overlap.
    """
    named = (Path(config.invocation_params.dir, arg.partition("::")[0]) for arg in config.args)
    if not any(file.is_relative_to(path.resolve()) for path in named):
        config.args.append(str(file))


def is_controller(config: pytest.Config) -> bool:
    """Whether this process only hands work to the workers of pytest-xdist."""
    return bool(config.getoption("dist", "no") != "no") and not hasattr(config, "workerinput")


def chosen_by_the_cache(config: pytest.Config) -> bool:
    """Whether ``--lf``, ``--sw`` or the like chose what runs: what ran before is known good."""
    return any(config.getoption(name, False) for name in ("lf", "stepwise", "stepwise_skip"))
