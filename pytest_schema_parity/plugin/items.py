"""The gate's nodes: the configuration file, below it the trees, below them their checks."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from pytest_schema_parity.errors import ConfigError, SchemaParityError
from pytest_schema_parity.findings.finding import Result
from pytest_schema_parity.plugin.gate import Gate
from pytest_schema_parity.report.markup import plain
from pytest_schema_parity.report.terminal_text import MOST, result_lines

if TYPE_CHECKING:
    from pytest_schema_parity.building import BuiltTree
    from pytest_schema_parity.plugin.fixtures import SchemaParity


class CheckFailed(Exception):
    """A check found something that fails the gate."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.headline)
        self.result = result


@dataclass(frozen=True)
class SummaryLine:
    """The line of a failure in pytest's short summary: the first line of the findings."""

    message: str

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True)
class FindingsRepr:
    """Findings in the form in which pytest shows a failure."""

    text: str

    @property
    def reprcrash(self) -> SummaryLine:
        """The headline, for pytest's short summary and JUnit's message."""
        return SummaryLine(self.text.partition("\n")[0])

    def toterminal(self, writer: Any) -> None:
        """Write the findings to a terminal."""
        writer.line(self.text)

    def __str__(self) -> str:
        return self.text


UNCUT_VERBOSITY: Final = 2
"""The verbosity (-vv) at which nothing is folded or left out."""


class ConfigurationFile(pytest.File):
    """The configuration file: the anchor of every check, so that its id can be run again."""

    gate: Gate

    def collect(self) -> Iterator[TreeChecks]:
        """One collector a tree or a rehearsal, the reference first."""
        for tree in self.gate.trees:
            yield TreeChecks.from_parent(self, name=tree)


class TreeChecks(pytest.Collector):
    """A tree, or a rehearsal: its checks are below it."""

    def collect(self) -> Iterator[ParityItem]:
        """The checks of a tree; of the reference only whether it applies."""
        gate = gate_of(self)
        external = gate.parity.trees.external is not None
        own, custom = FIXTURE_ITEMS if external else (CheckItem, CustomCheckItem)
        more = {"callobj": request_the_server} if external else {}
        for check in gate.checks_of(self.name):
            if check in gate.custom_checks:
                function = gate.custom_checks[check]
                yield custom.from_parent(self, name=check, function=function, **more)
            else:
                yield own.from_parent(self, name=check, **more)


class ParityItem(pytest.Item):
    """The base of all checks: marker, location in the configuration, display of errors."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.add_marker("schema_parity")
        self.tree = str(self.parent.name) if self.parent is not None else ""
        self.user_properties += [
            ("schema_parity_tree", self.tree),
            ("schema_parity_check", self.name),
        ]

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """The tree's line in the configuration file."""
        return self.path, gate_of(self).line_of(self.tree) - 1, f"{self.tree}::{self.name}"

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show the findings, without a traceback through the plugin."""
        error = excinfo.value
        if isinstance(error, CheckFailed):
            gate = gate_of(self)
            whole = self.config.get_verbosity() >= UNCUT_VERBOSITY
            lines = result_lines(
                error.result,
                reference=gate.reference_of(self.tree),
                highlight=gate.highlight,
                unfold=whole,
                most=None if whole else MOST,
            )
            return FindingsRepr("\n".join(lines))
        if isinstance(error, SchemaParityError):
            return FindingsRepr(str(error))
        return super().repr_failure(excinfo, style)


class CheckItem(ParityItem):
    """One of the plugin's own checks of one tree."""

    def runtest(self) -> None:
        """Run the check, store its result as user properties, and fail if a finding fails."""
        gate = gate_of(self)
        result = gate.parity.result(self.tree, self.name)
        reference = gate.reference_of(self.tree)
        lines = result_lines(result, reference=reference, highlight=plain)
        properties: dict[str, object] = {
            "schema_parity_failing": len(result.failing),
            "schema_parity_notes": len(result.notes),
            "schema_parity_outcome": result.outcome,
            "schema_parity_findings": "\n".join(lines),
        }
        others = [each for each in self.user_properties if each[0] not in properties]
        self.user_properties = [*others, *properties.items()]  # a check may run again
        if result.failing:
            raise CheckFailed(result)
        if result.skipped is not None:
            pytest.skip(result.skipped)
        if lines:
            self.add_report_section("call", "schema parity notes", "\n".join(lines))


class CustomCheckItem(ParityItem):
    """A check that a project added, see ``pytest_schema_parity_checks``."""

    def __init__(self, *, function: Callable[[BuiltTree], object], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.custom = function  # not `function`: pytest and its plugins take that for a test

    def runtest(self) -> None:
        """Call the project's check with the built tree; raises ConfigError if it returns a value.

        A coroutine or a generator has not run at all; any other value would be ignored.
        """
        result = self.custom(gate_of(self).parity.trees[self.tree])
        if result is None:
            return
        if inspect.iscoroutine(result):
            result.close()
        raise ConfigError(
            f"The check {self.name!r} returned {result!r}, which is ignored. Write it as a "
            "plain function that asserts and returns None: not async, and without yield."
        )

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show the traceback from the check on, without the plugin's own frames."""
        below = excinfo.traceback.cut(path=__file__)[1:]
        if below:  # nothing is, where the callable is not written in Python
            excinfo.traceback = below
        return super().repr_failure(excinfo, style)


def request_the_server(schema_parity: SchemaParity) -> None:
    """The test function, for pytest, of a check that needs a fixture's server."""


class FixtureCheckItem(CheckItem, pytest.Function):
    """A check of a tree that is built on the server of a fixture; pytest sets that up."""


class FixtureCustomCheckItem(CustomCheckItem, pytest.Function):
    """A check of a project's own, of such a tree."""


FIXTURE_ITEMS: Final = (FixtureCheckItem, FixtureCustomCheckItem)


def gate_of(node: pytest.Collector | pytest.Item) -> Gate:
    """The gate that a node of this module belongs to."""
    file = node.getparent(ConfigurationFile)
    if file is None:
        raise ValueError(f"{node.nodeid} has no configuration file as a parent node")
    return file.gate
