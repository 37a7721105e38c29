"""Collects the results of all checks and workers; prints the summary, writes the reports."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest

from pytest_schema_parity.errors import SchemaParityError
from pytest_schema_parity.findings.differences import title_of
from pytest_schema_parity.findings.finding import CheckOutcome
from pytest_schema_parity.findings.verdict import RunResults
from pytest_schema_parity.plugin.gate import only_shows
from pytest_schema_parity.plugin.items import FindingsRepr, ParityItem
from pytest_schema_parity.plugin.session import is_controller, is_worker
from pytest_schema_parity.report.summary import Cell, summary_lines
from pytest_schema_parity.schema.kinds import IMPACTS
from pytest_schema_parity.showing import clean, printable

if TYPE_CHECKING:
    from pytest_schema_parity.plugin.gate import Gate
    from pytest_schema_parity.report.report_option import Destinations

PROPERTY_PREFIX = "schema_parity_"
WORKER_OUTPUT_KEY = "schema_parity"
"""The key under which a worker sends its results to the controller."""
MOST_NOTES = 20
"""Lines of notes that the summary shows."""
ENDED_EARLY = "the run ended before its checks had run"
INCOMPLETE = "the results of the trees are incomplete: run all of their checks."


class Results:
    """Stores the outcome of each check, and writes the reports and the summary at the end."""

    def __init__(self, gate: Gate, destinations: Destinations) -> None:
        self.gate = gate
        self.config = gate.config
        self.destinations = destinations
        self.cells: dict[tuple[str, str], Cell] = {}
        self.notes: dict[tuple[str, str], str] = {}
        self.run: RunResults | None = None
        self.selected: set[tuple[str, str]] = set()
        self.problems: list[str] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Store the outcome of a check; the controller receives the reports of workers too."""
        key = self._check_of(report)
        if key is None or (report.when != "call" and report.passed):
            return
        if isinstance(report.longrepr, str):  # a worker's report: xdist serialises it to a string
            report.longrepr = cast("Any", FindingsRepr(report.longrepr))
        found = properties_of(report)
        count = int(cast("int", found.get("failing", 0)))
        self.cells[key] = Cell(self._outcome_of(report, key, found), count)
        if report.passed and found.get("findings"):
            self.notes[key] = str(found["findings"])

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Collect the results and write the reports; a worker sends its results instead."""
        if only_shows(self.config):
            return
        if not is_controller(self.config):
            checks = [item for item in session.items if isinstance(item, ParityItem)]
            self.selected = {(item.tree, item.name) for item in checks}
        if is_worker(self.config):
            sent = pickle.dumps((self.selected, self.gate.parity.shared()))
            cast("Any", self.config).workeroutput[WORKER_OUTPUT_KEY] = sent
            return
        if is_controller(self.config):
            self._order_failures()
        ended_early = self._ended_early(session) or self._was_interrupted_while_building()
        if not ended_early:
            self._collect_results()
        self._write_reports(ended_early=ended_early)
        self._fail_if_not_checked(session)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Receive the results of a worker."""
        sent = getattr(node, "workeroutput", {}).get(WORKER_OUTPUT_KEY)
        if sent:
            selected, shared = pickle.loads(sent)  # noqa: S301 -- of this very run
            self.selected |= selected
            self.gate.parity.receive(shared)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the table of trees and checks, the impacts of the differences, and the notes."""
        if not self.cells and not self.problems:
            return
        terminalreporter.ensure_newline()
        terminalreporter.section("schema parity", "-")
        run = self.run or RunResults(reference=self.gate.reference)
        for line in summary_lines(
            self._cells_in_order(),
            impacts=run.impacts,
            allowed=sum(tree.allowed for tree in run.candidates.values()),
            consequences=run.consequences,
            notes=frozenset(IMPACTS) - self.gate.parity.config.fail_on,
            order=self.gate.check_order,
            encoding=getattr(sys.stdout, "encoding", None),
            highlight=self.gate.highlight,
        ):
            terminalreporter.write_line(line)
        for line in (*self._shown_lines(), *self._note_lines(), *self.destinations.written):
            terminalreporter.write_line(line)
        for problem in self.problems:
            terminalreporter.write_line(f"ERROR: {problem}", red=True)

    def _order_failures(self) -> None:
        """Sort the failures that the terminal shows: workers report in any order."""
        terminal = self.config.pluginmanager.get_plugin("terminalreporter")
        failed = terminal.stats.get("failed", []) if terminal is not None else []
        keys = {at: self._check_of(report) for at, report in enumerate(failed)}
        mine = {at: self.gate.ranks[key] for at, key in keys.items() if key is not None}
        ordered = [failed[at] for at in sorted(mine, key=mine.__getitem__)]
        for at, report in zip(mine, ordered, strict=True):
            failed[at] = report

    def _check_of(self, report: pytest.TestReport) -> tuple[str, str] | None:
        """The tree and the check that a report is about; None if it is another test."""
        found = properties_of(report)
        key = str(found.get("tree")), str(found.get("check"))
        return key if key in self.gate.ranks else None

    def _ended_early(self, session: pytest.Session) -> bool:
        return session.exitstatus == pytest.ExitCode.INTERRUPTED or bool(
            self.selected - self.cells.keys()
        )

    def _was_interrupted_while_building(self) -> bool:
        """Whether a check was interrupted while its trees were being built."""
        has_error = any(cell.outcome == "error" for cell in self.cells.values())
        return has_error and self.gate.parity.trees.scheduler.going_on

    def _fail_if_not_checked(self, session: pytest.Session) -> None:
        """Fail a run that passed although it checked nothing, or a tree could not be applied."""
        ended = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
        if session.exitstatus not in ended:
            return
        if not self._has_checked():
            self.problems.append(self.gate.why_nothing_was_checked(self.selected))
            session.exitstatus = pytest.ExitCode.USAGE_ERROR
        elif self._ended_early(session) or self.run is None or self.run.broken_trees:
            self.problems += self._what_is_broken()
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        elif self.problems:
            session.exitstatus = pytest.ExitCode.USAGE_ERROR

    def _what_is_broken(self) -> Iterator[str]:
        broken = {} if self.run is None else self.run.broken_trees
        for tree, why in broken.items():
            yield f"{printable(tree)} could not be applied without errors: {clean(why)}"
        if not broken:
            yield INCOMPLETE

    def _collect_results(self) -> None:
        """Collect what the trees came to; any error is a problem, so that reports are written."""
        if not self.selected or not (self.destinations or self.gate.parity.trees.started):
            return
        trees = {tree for tree, _ in self.selected} | {self.gate.reference}
        try:
            self.run = self.gate.parity.results(trees)
        except Exception as error:  # noqa: BLE001 -- pytest would print it with its secrets
            self.problems.append(f"the results of the trees are incomplete: {clean(repr(error))}")

    def _outcome_of(
        self, report: pytest.TestReport, key: tuple[str, str], found: dict[str, object]
    ) -> CheckOutcome:
        """The outcome of a check; ``error`` if one of the plugin's own crashed."""
        is_own = key[1] not in self.gate.custom_checks
        default = "error" if report.failed and is_own else report.outcome
        return cast("CheckOutcome", found.get("outcome", default) if report.failed else default)

    def _report(self, ended_early: bool) -> RunResults:
        run = self.run or RunResults(reference=self.gate.reference)
        checks = {
            tree: {check: cell.outcome for check, cell in cells.items()}
            for tree, cells in self._cells_in_order().items()
        }
        return replace(run, checks=checks, incomplete=ENDED_EARLY if ended_early else None)

    def _write_reports(self, *, ended_early: bool) -> None:
        """Write the reports; one that cannot be written is added to the problems."""
        try:
            self.destinations.write(self._report(ended_early))
        except SchemaParityError as error:
            self.problems.append(str(error))

    def _cells_in_order(self) -> dict[str, dict[str, Cell]]:
        """The cells by tree and check, in the order of the gate."""
        ordered: dict[str, dict[str, Cell]] = {}
        for tree, check in sorted(self.cells, key=self.gate.ranks.__getitem__):
            ordered.setdefault(tree, {})[check] = self.cells[tree, check]
        return ordered

    def _has_checked(self) -> bool:
        return any(
            cell.outcome != "skipped" and self.gate.counts(tree, check)
            for (tree, check), cell in self.cells.items()
        )

    def _shown_lines(self) -> Iterator[str]:
        """With -v: the structural differences for which a counterexample was found."""
        if self.run is None or self.config.getoption("verbose") < 1:
            return
        for name, tree in self.run.candidates.items():
            lines = [f"  {' '.join(title_of(each).split())}" for each in tree.explaining]
            if lines:
                check = f"{printable(name)}::behavior"
                heading = f"{check} has a counterexample for each of these differences:"
                yield from (heading, *map(clean, lines))

    def _note_lines(self) -> Iterator[str]:
        lines = [
            f"  {line}" if number else f"{tree}::{check}: {line}"
            for tree, check in sorted(self.notes, key=self.gate.ranks.__getitem__)
            for number, line in enumerate(self.notes[tree, check].splitlines())
        ]
        yield from lines[:MOST_NOTES]
        if more := len(lines) - MOST_NOTES if len(lines) > MOST_NOTES else 0:
            yield f"… and {more} more lines of notes; show all with -rP"


def properties_of(report: pytest.TestReport) -> dict[str, object]:
    """The user properties of this plugin in a report, by name without the prefix."""
    return {
        name.removeprefix(PROPERTY_PREFIX): value
        for name, value in getattr(report, "user_properties", ())
        if name.startswith(PROPERTY_PREFIX)
    }
